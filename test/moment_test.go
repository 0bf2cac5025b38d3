//go:build servers

package test

import (
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func momentCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: moment NAME DURATION")
	}
	ahead, err := time.ParseDuration(args[1])
	ts.Check(err)
	ts.Setenv(args[0], time.Now().UTC().Add(ahead).Format("Mon 15:04:05"))
}
