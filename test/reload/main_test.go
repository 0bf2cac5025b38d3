//go:build servers

package reload

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var reloads = flag.Int("reloads", 20, "how many reloads, every second with a broken configuration")

// program is the program under test, built with the race detector.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "rcptquota-reload-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears its folder of temporary files
	program = filepath.Join(dir, "rcptquota")
	build := exec.Command("go", "build", "-race", "-o", program, "github.com/rcptquota/rcptquota/cmd/rcptquota")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, output)
		return 1
	}
	// Without the pause that the detector makes at each end of the program.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
