//go:build servers

package reload

import (
	"flag"
	"os"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

var reloads = flag.Int("reloads", 20, "how many reloads, every second with a broken configuration")

// program is the program under test.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(servers.RunWithProgram(m, func(path string) { program = path }))
}
