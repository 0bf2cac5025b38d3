//go:build servers

package test

import (
	"os"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// programPath is the program under test.
var programPath string

func TestMain(m *testing.M) {
	os.Exit(servers.RunWithProgram(m, func(path string) { programPath = path }))
}

func program() string { return programPath }
