package servers

import (
	"net"
	"testing"
)

// FreePort returns a TCP port of 127.0.0.1 that nothing listens on. Another
// process may take it before the caller does; on one machine that is rare, since
// the kernel hands such ports out in turn.
func FreePort(t testing.TB) int {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("free port: %v", err)
	}
	defer listener.Close() //nolint:errcheck // nothing was written
	return listener.Addr().(*net.TCPAddr).Port
}
