//go:build servers && soak

package soak

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// relay is a rcptquota with a folder of its own.
type relay struct {
	t       *testing.T
	dir     string
	log     *servers.LogFile
	process *servers.Process // nil when it does not run
}

// digestKey is the key of all relays.
const digestKey = "0123456789abcdef0123456789abcdef"

// window writes a window of the one class. The class's other window, of an hour,
// is the record of what was committed.
func window(per string, recipients int, count string) string {
	return fmt.Sprintf("[[class.all.window]]\nper = %q\nrecipients = %d\ncount = %q\n", per, recipients, count)
}

// record is the window that keeps, and is never full.
var record = window("1h", 100_000, "copies")

// startRelay starts a rcptquota with these windows. rest is what follows them in
// the configuration: the store.
func startRelay(t *testing.T, dir, windows, rest string) *relay {
	t.Helper()
	r := &relay{t: t, dir: dir, log: &servers.LogFile{Path: filepath.Join(dir, "log")}}
	config := fmt.Sprintf("state_dir = %q\n[[listen]]\naddress = \"unix:%s\"\nmode = \"0666\"\n[class.all]\nrecipients = 5000\n", dir, r.socket())
	for name, text := range map[string]string{
		"rcptquota.toml": config + windows + rest,
		"directory.toml": "[[sender]]\nlogin = \"anne\"\n[[sender]]\nlogin = \"bertrand\"\n",
		"key":            digestKey + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(r.inspect)
	t.Cleanup(r.kill)
	r.start()
	return r
}

func (r *relay) socket() string { return filepath.Join(r.dir, "s.sock") }

// start starts the process, and returns when it accepts connections.
func (r *relay) start() {
	r.t.Helper()
	process, err := servers.StartProcess(r.log.Path, program, "serve", "--config", filepath.Join(r.dir, "rcptquota.toml"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.process = process
	if !servers.Wait(func() bool { return process.Ended() || r.accepts() }) || process.Ended() {
		log, _ := os.ReadFile(r.log.Path)
		r.t.Fatalf("rcptquota does not start; it says:\n%.4000s", log)
	}
}

func (r *relay) accepts() bool {
	conn, err := net.Dial("unix", r.socket())
	return err == nil && conn.Close() == nil
}

// stop ends the process kindly: it must have nothing to complain of.
func (r *relay) stop() {
	r.t.Helper()
	process := r.process
	r.process = nil
	process.Stop()
	if err := process.Exit(); err != nil {
		r.t.Errorf("rcptquota ends with %v", err)
	}
}

// kill ends the process as kill -9 does.
func (r *relay) kill() {
	if r.process != nil {
		r.process.Kill()
		r.process = nil
	}
}

// inspect looks through the log for what no load may bring about.
func (r *relay) inspect() {
	for _, line := range r.log.Grep(regexp.MustCompile(`DATA RACE|^panic|^fatal error|level=ERROR|cannot settle`)) {
		r.t.Errorf("%s: %s", r.log.Path, line)
	}
	if r.t.Failed() {
		lines := r.log.Lines()
		r.t.Logf("the log's last lines: %q", lines[max(0, len(lines)-20):])
	}
}
