package logging

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// use has log written as c says.
func use(t *testing.T, log *Log, c Config) {
	t.Helper()
	prepared, err := log.Prepare(&c, "")
	if err != nil {
		t.Fatal(err)
	}
	prepared.Use()
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// written waits until nothing waits to be written.
func written() {
	time.Sleep(time.Minute) //nolint:forbidigo // the bubble's clock
	synctest.Wait()
}

// recorded are the messages of the records below.
var recorded = regexp.MustCompile(`\b(begun|one|two|three|quiet|four)\b`)

// A file that was moved away, as logrotate does, goes on to be written until it is opened
// anew; then the records are in the new one. Without a file they are on standard error.
func TestLogFileIsOpenedAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	synctest.Test(t, func(t *testing.T) {
		stderr := &device{}
		q := NewQueue(stderr)
		log := New(q)
		c := Config{Level: "info", Format: "auto", File: path}
		log.Info("begun")
		written()
		use(t, log, c)
		log.Info("one")
		written()
		if err := os.Rename(path, path+".1"); err != nil {
			t.Fatal(err)
		}
		log.Info("two")
		written()
		use(t, log, c)
		log.Info("three")
		written()
		use(t, log, Config{Level: "warn", Format: "json"})
		log.Info("quiet")
		log.Warn("four")
		q.Finish()
		for name, text := range map[string]string{
			"begun four": stderr.text.String(), "one two": read(t, path+".1"), "three": read(t, path),
		} {
			if words := recorded.FindAllString(text, -1); strings.Join(words, " ") != name {
				t.Errorf("got %q, want %s", text, name)
			}
		}
		if !strings.Contains(stderr.text.String(), `"level":"WARN","msg":"four"}`) {
			t.Error(stderr.text.String())
		}
	})
}

// A full disk is told once on standard error, and what waited is written once there is
// room, or another file.
func TestLogFileOnAFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	synctest.Test(t, func(t *testing.T) {
		stderr := &device{}
		q := NewQueue(stderr)
		log := New(q)
		use(t, log, Config{Level: "info", Format: "logfmt", File: "/dev/full"})
		for range 3 {
			log.Info("kept")
			written()
		}
		const told = "rcptquota: the log cannot be written: write /dev/full: no space left on device; mail goes on, and records wait until there is no more room for them\n"
		if got := stderr.text.String(); got != told {
			t.Errorf("told %q", got)
		}
		use(t, log, Config{Level: "info", Format: "logfmt", File: path})
		written()
		q.Finish()
		if n := strings.Count(read(t, path), "msg=kept"); n != 3 {
			t.Errorf("%d records in the new file", n)
		}
		if got := stderr.text.String(); got != told+"rcptquota: the log "+path+" can be written again\n" {
			t.Errorf("told %q", got)
		}
	})
}

func TestLogFileThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:               "log.file: " + dir + " is there, and is no file",
		dir + "/none/log": "log.file: stat " + dir + "/none: no such file or directory; name a file in a folder that there is",
	} {
		c := Config{Level: "info", Format: "auto", File: path}
		if err := c.Validate(); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
