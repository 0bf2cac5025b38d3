//go:build servers

package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// holdCommand makes sure that so many messages are on hold in Postfix's queue, and releases
// or deletes them.
func holdCommand(ts *testscript.TestScript, neg bool, args []string) {
	option := map[string]string{"release": "-H", "delete": "-d"}
	if neg || len(args) != 2 || option[args[1]] == "" {
		ts.Fatalf("usage: hold N release|delete")
	}
	dir := of(ts).relay.postfix.Dir
	messages, err := os.ReadDir(filepath.Join(dir, "queue", "hold"))
	ts.Check(err)
	if n := strconv.Itoa(len(messages)); n != args[0] {
		ts.Fatalf("%s messages are on hold", n)
	}
	output, err := exec.Command("postsuper", "-c", filepath.Join(dir, "etc"), option[args[1]], "ALL", "hold").CombinedOutput()
	if err != nil {
		ts.Fatalf("postsuper: %v\n%s", err, output)
	}
	// What was released waits for the next run of the queue.
	if output, err := exec.Command("postqueue", "-c", filepath.Join(dir, "etc"), "-f").CombinedOutput(); err != nil {
		ts.Fatalf("postqueue: %v\n%s", err, output)
	}
}
