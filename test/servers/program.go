package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// RunWithProgram builds rcptquota with the race detector, tells where it is, and runs the
// tests of a package. It returns their exit status, for TestMain.
func RunWithProgram(m *testing.M, built func(path string)) int {
	dir, err := os.MkdirTemp("", "rcptquota-build-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears its folder of temporary files
	build := exec.Command("go", "build", "-race", "-o", dir, "github.com/rcptquota/rcptquota/cmd/rcptquota")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, output)
		return 1
	}
	// Without the pause that the detector makes at each end of the program.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	built(filepath.Join(dir, "rcptquota"))
	return m.Run()
}
