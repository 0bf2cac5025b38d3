package milter

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func listenUnix(t *testing.T, c ListenConfig) net.Listener {
	t.Helper()
	listeners, err := c.Listen()
	if err != nil {
		t.Fatal(err)
	}
	return listeners[0]
}

func TestUnixSocket(t *testing.T) {
	group, err := user.LookupGroupId(strconv.Itoa(os.Getgid()))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "s.sock")
	c := ListenConfig{Address: "unix:" + path, Mode: "0622", Group: group.Name}
	ln := listenUnix(t, c)
	info, err := os.Stat(path)
	if err != nil || info.Mode() != fs.ModeSocket|0o622 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := c.Listen(); err == nil || !strings.Contains(err.Error(), "another process listens there") {
		t.Errorf("a second listener: %v", err)
	}
	// A socket file left by a killed process.
	if err := ln.(*unixListener).UnixListener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := listenUnix(t, c).Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket stays: %v", err)
	}
}

func TestListenErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"unix:" + file:                   "is there already, and is no socket",
		"unix:" + dir + "/absent/s.sock": "no such file or directory",
		"systemd:submission":             `systemd passed no socket named "submission"`,
		"inet:192.0.2.1:1":               "cannot assign requested address",
	} {
		if _, err := (&ListenConfig{Address: address}).Listen(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "precious" {
		t.Errorf("the file became %q, %v", text, err)
	}
	c := ListenConfig{Address: "unix:" + filepath.Join(dir, "s.sock"), Group: "no-such-group"}
	if _, err := c.Listen(); !errors.As(err, new(user.UnknownGroupError)) {
		t.Errorf("unknown group: %v", err)
	}
}
