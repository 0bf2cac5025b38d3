//go:build servers

package test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDemo: each message of the demonstration gets the reply that it is there to show.
func TestDemo(t *testing.T) {
	t.Parallel()
	output, err := exec.CommandContext(t.Context(), "./demo.sh", program()).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	var got []string
	for line := range strings.Lines(string(output)) {
		if reply, ok := strings.CutPrefix(line, "  reply  "); ok {
			got = append(got, strings.Fields(reply)[0])
		}
	}
	want := []string{
		"accepted", "550", // the limit per message
		"accepted", "accepted", "450", "accepted", // the window
		"550", "accepted", "550", // the list
		"accepted", "550", "550", "accepted", // premium
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q:\n%s", got, want, output)
	}
}
