package servers

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The configuration of Dovecot's auth service. $D stands for its folder, $SOCKET
// for the socket that Postfix asks.
//
//go:embed dovecot/dovecot.conf
var baseDovecot string

// startDovecot starts Dovecot's auth service at a socket. Any login gets in with
// any password.
func startDovecot(t testing.TB, socket string) {
	t.Helper()
	dir := Scratch(t)
	config := filepath.Join(dir, "dovecot.conf")
	write(t, config, strings.NewReplacer("$D", dir, "$SOCKET", socket).Replace(baseDovecot))
	process, err := StartProcess(filepath.Join(dir, "out"), "dovecot", "-F", "-c", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Kill) // a kind end takes it 6 s, and it has nothing to save
	ready := func() bool {
		_, err := os.Stat(socket)
		return err == nil
	}
	if !Wait(func() bool { return process.Ended() || ready() }) || process.Ended() {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		out, _ := os.ReadFile(filepath.Join(dir, "out"))
		t.Fatalf("dovecot: no auth service at %s; it says:\n%s%s", socket, out, log)
	}
}
