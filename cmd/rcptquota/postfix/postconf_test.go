package postfix

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPostconfMissing(t *testing.T) {
	_, err := findPostconf("", []string{filepath.Join(t.TempDir(), "postconf")})
	if err == nil || !strings.Contains(err.Error(), "is Postfix installed here?") {
		t.Error(err)
	}
}

// fakePostconf is a postconf that is a shell script.
func fakePostconf(t *testing.T, script string) postconf {
	t.Helper()
	program := filepath.Join(t.TempDir(), "postconf")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return postconf{program: program, timeout: time.Minute}
}

func TestPostconfHangs(t *testing.T) {
	p := fakePostconf(t, "exec sleep 600")
	p.timeout = time.Millisecond
	if _, err := p.lines(t.Context(), "-M"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestPostconfFails(t *testing.T) {
	for script, want := range map[string]string{
		"echo 'postconf: warning: x' >&2; echo 'postconf: fatal: open /x/main.cf: Permission denied' >&2; exit 1": "postconf: open /x/main.cf: Permission denied (exit status 1)",
		"exit 2": "postconf -M: exit status 2",
	} {
		if _, err := fakePostconf(t, script).lines(t.Context(), "-M"); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestPostconfValues(t *testing.T) {
	got, err := fakePostconf(t, `printf '%s\n' 'a = b = c' 'empty = ' 'none =' 'submission/inet/x = it'"'"'s "y"'; echo 'postconf: warning: z' >&2`).values(t.Context())
	if err != nil || len(got) != 4 || got["a"] != "b = c" || got["empty"]+got["none"] != "" || got["submission/inet/x"] != `it's "y"` {
		t.Errorf("%q, %v", got, err)
	}
}
