//go:build servers && soak

package soak

import (
	"os"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// program is the program under test.
var program string

func TestMain(m *testing.M) {
	os.Exit(servers.RunWithProgram(m, func(path string) { program = path }))
}
