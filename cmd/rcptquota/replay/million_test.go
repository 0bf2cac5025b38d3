package replay

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/test/random"
)

var (
	messages = flag.Int("messages", 10_000, "how many messages the made-up log has")
	program  = flag.String("program", "", "the program to give it to; empty: this package alone")
)

// A made-up log, with all that happens in one, gives exactly the numbers that are known.
// With -program, tells how much time and memory the program takes.
func TestSynthetic(t *testing.T) {
	config := filepath.Join(t.TempDir(), "rcptquota.toml")
	if err := os.WriteFile(config, []byte(syntheticConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	reader, writer := io.Pipe()
	s := newSynthetic(random.New(t), *messages, writer)
	written := make(chan error, 1)
	go func() {
		err := s.write(time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC))
		_ = writer.CloseWithError(err)
		written <- err
	}()
	var out []byte
	if *program == "" {
		out = replayed(t, reader)
	} else {
		out = replayedBy(t, *program, reader, "replay", "--config", config, "--json", "-")
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	compare(t, out, &s.answer)
}

// document is read as a program would read it.
type readDocument struct {
	Lines      int
	Total      Totals
	Recipients Bounds
	Exact      int     `json:"messages_with_known_recipients"`
	NotJudged  Fates   `json:"not_judged"`
	Rules      []named `json:"by_rule"`
	Senders    []named `json:"by_sender"`
	Damaged    struct{ Lines int }
}

func compare(t *testing.T, out []byte, want *answer) {
	t.Helper()
	var got readDocument
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("%d lines, %d messages, %d would have been refused", got.Lines, got.Total.Messages, got.Total.Stopped.Least)
	if got.Total.Messages != want.messages || got.Total.Stopped != want.stopped || got.Exact != want.messages ||
		got.Recipients != (Bounds{want.recipients, want.recipients}) ||
		got.NotJudged != (Fates{Unauthenticated: want.unauthenticated, Rejected: want.rejected}) || got.Damaged.Lines != 0 {
		t.Errorf("got %+v, want %+v", got.Total, want)
		t.Errorf("got %+v, %+v", got.NotJudged, got.Recipients)
	}
	if want.inWindows == 0 || want.perMessage == 0 {
		t.Error("the log has nothing to refuse")
	}
	perMessage, inWindows := 0, 0
	for _, r := range got.Rules {
		if strings.Contains(r.Name, "a message") {
			perMessage += r.Stopped.Least
		} else {
			inWindows += r.Stopped.Least
		}
	}
	if perMessage != want.perMessage || inWindows != want.inWindows {
		t.Errorf("%d a message, %d in windows; want %d, %d", perMessage, inWindows, want.perMessage, want.inWindows)
	}
	for _, s := range got.Senders {
		if w := want.bySender[strings.ToLower(s.Name)]; w == nil || *w != s.Totals {
			t.Fatalf("%s: %+v, want %+v", s.Name, s.Totals, w)
		}
	}
	if len(got.Senders) != len(want.bySender) {
		t.Errorf("%d senders, want %d", len(got.Senders), len(want.bySender))
	}
}

// replayed gives a log to this package.
func replayed(t *testing.T, log io.Reader) []byte {
	t.Helper()
	result, err := (&Replay{Rules: syntheticRules(t), Location: time.UTC}).Run(t.Context(), openReader(t, log))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := result.WriteJSON(&out, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// replayedBy gives a log to the program, and tells what that takes.
func replayedBy(t *testing.T, program string, log io.Reader, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin, cmd.Stderr = log, os.Stderr
	begin := time.Now()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	t.Logf("%v in all (%v of processor time), at most %d MiB of memory", time.Since(begin).Round(time.Millisecond),
		(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Round(time.Millisecond), usage.Maxrss/1024)
	return out
}
