package service

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/test/servers"
)

// A systemd that reads no messages holds up neither the start nor the end.
func TestSystemdThatHangs(t *testing.T) {
	address := &net.UnixAddr{Name: filepath.Join(servers.Scratch(t), "notify"), Net: "unixgram"}
	systemd, err := net.ListenUnixgram("unixgram", address)
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close() //nolint:errcheck // the test is over
	full, err := net.DialUnix("unixgram", nil, address)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close() //nolint:errcheck // the test is over
	if err := full.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = full.Write([]byte("x"))
	}
	t.Setenv("NOTIFY_SOCKET", address.Name)
	var text strings.Builder
	told := make(chan struct{})
	go func() {
		defer close(told)
		notify(slog.New(slog.NewTextHandler(&text, nil)), "READY=1")
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	select {
	case <-told:
	case <-ctx.Done():
		t.Fatal("it waits for systemd")
	}
	if want := `msg="cannot notify systemd" error="it did not take the message within 1s"`; !strings.Contains(text.String(), want) {
		t.Error(text.String())
	}
}
