//go:build servers && bench

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// windows has room for everything: what is measured is counting.
const windows = `
[[class.all.window]]
per = "1h"
recipients = 100000
[[class.all.window]]
per = "1s"
recipients = 100000
count = "copies"
`

// startProgram serves rcptquota as one of the setups, and returns its socket. Its
// sender may write to 5000 recipients.
func startProgram(b *testing.B, setup string) string {
	b.Helper()
	setup, other := strings.CutPrefix(setup, "other-")
	rest := ""
	switch setup {
	case "lists":
		rest = "[lists]\ndomains = [\"listes.test\"]\n"
	case "visible": // in the table of the class
		rest = "visible_recipients = 5000\n"
	case "unrecorded":
		rest = "[history]\nkeep = \"0s\"\n"
	case "embedded", "redis":
		rest = windows
	}
	if setup == "redis" {
		rest += redisStore(servers.StartRedis(b).Address())
	}
	if other {
		return serveProgram(b, servers.Scratch(b), os.Getenv("OTHER"), rest)
	}
	return serve(b, rest)
}

// redisStore writes the table of a Redis.
func redisStore(addresses ...string) string {
	return fmt.Sprintf("[store]\nkind = \"redis\"\naddresses = [\"%s\"]\ndigest_key_file = \"key\"\n", strings.Join(addresses, `", "`))
}

// serve builds rcptquota without the race detector and serves it.
func serve(b *testing.B, rest string) string {
	b.Helper()
	dir := servers.Scratch(b)
	if output, err := exec.Command("go", "build", "-o", dir, "github.com/rcptquota/rcptquota/cmd/rcptquota").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, output)
	}
	return serveProgram(b, dir, filepath.Join(dir, "rcptquota"), rest)
}

// serveProgram serves a program, from a folder of its own, with a class of 5000 recipients
// and what rest says, and returns its socket. Its log is beside that.
func serveProgram(b *testing.B, dir, program, rest string) string {
	b.Helper()
	socket := filepath.Join(dir, "s.sock")
	config := fmt.Sprintf("state_dir = %q\n[[listen]]\naddress = \"unix:%s\"\nmode = \"0666\"\n[class.all]\nrecipients = 5000\n", dir, socket)
	for name, text := range map[string]string{
		"rcptquota.toml": config + rest,
		"directory.toml": "[[sender]]\nlogin = \"anne\"\n[[sender]]\nlogin = \"bertrand\"\n",
		"key":            "0123456789012345678901234567890123456789",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	listening(b, socket, program, "serve", "--config", filepath.Join(dir, "rcptquota.toml"))
	return socket
}

// listening starts a command until the end of b, and waits for its socket.
func listening(b *testing.B, socket string, command ...string) {
	b.Helper()
	process, err := servers.StartProcess(socket+".log", command...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(process.Stop)
	if !servers.Wait(func() bool { _, err := os.Stat(socket); return err == nil }) {
		b.Fatalf("%v does not listen", command)
	}
}
