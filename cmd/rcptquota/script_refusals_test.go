package main

import (
	"context"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/quota/history"
	"github.com/rcptquota/rcptquota/test/servers"
)

// untilRefusals waits until the rcptquota on a control socket has stored so many decision
// records of a sender.
func untilRefusals(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: until-refusals SOCKET N SENDER")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	client := control.NewClient(ts.MkAbs(args[0]))
	defer client.Close()
	n := 0
	stored := func() bool {
		n = 0
		ts.Check(control.FollowLines(context.Background(), client, "/refusals?sender="+args[2], func(history.Record) error { n++; return nil }))
		return n >= want
	}
	if !servers.Wait(stored) || n > want {
		ts.Fatalf("%d decision records are stored, not %d", n, want)
	}
}
