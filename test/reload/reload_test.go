//go:build servers

package reload

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/servers"
)

// clients is how many send at once.
const clients = 6

func TestReloadsUnderLoad(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { underLoad(t, "") })
	t.Run("redis", func(t *testing.T) {
		const table = "[store]\nkind = \"redis\"\ndigest_key_file = \"key\"\ntimeout = \"5s\"\naddresses = [%q]\n"
		underLoad(t, fmt.Sprintf(table, servers.StartRedis(t).Address()))
	})
}

// underLoad reloads again and again while clients send, and then adds up.
func underLoad(t *testing.T, store string) {
	t.Helper()
	r := startRelay(t, store)
	l := &load{t: t, random: random.New(t), address: r.postfix.Address("submission"), committed: map[string]int{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan struct{})
	idle := r.measure()
	go func() { defer close(ended); l.run(ctx, clients) }()
	var slowest time.Duration
	var before figures
	for i := range *reloads {
		start := time.Now()
		r.reload(i)
		slowest = max(slowest, time.Since(start))
		l.awaitMore(clients)
		if i == *reloads/4 {
			before = r.measure()
		}
		if t.Failed() {
			break
		}
	}
	after := r.measure()
	stop()
	<-ended
	t.Logf("%d reloads, the slowest took %v; %d messages went, %d were refused as they should be, %d were given up",
		*reloads, slowest.Round(time.Millisecond), l.went, l.refused, l.givenUp)
	for _, login := range logins {
		r.checkCount(login, l.committed[login])
	}
	var rest figures
	if !servers.Wait(func() bool {
		rest = r.measure()
		return rest.goroutines <= idle.goroutines+2 && rest.files <= idle.files+2
	}) {
		t.Errorf("at rest there are %d goroutines and %d open files; before the first reload %d and %d", rest.goroutines, rest.files, idle.goroutines, idle.files)
	}
	t.Logf("heap after the last collection: %.1f MB at a quarter of the reloads, %.1f MB at the end; goroutines at rest %d before, %d after; open files %d, %d",
		before.heap, after.heap, idle.goroutines, rest.goroutines, idle.files, rest.files)
	if after.heap > before.heap*1.5+2 {
		t.Error("the heap grows")
	}
}

// relay is rcptquota behind Postfix.
type relay struct {
	t       *testing.T
	configs *configs
	log     *servers.LogFile
	postfix *servers.Postfix
	process *servers.Process
}

func startRelay(t *testing.T, store string) *relay {
	t.Helper()
	dir := servers.Scratch(t)
	r := &relay{
		t:       t,
		configs: &configs{dir: dir, http: fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)), store: store},
		log:     &servers.LogFile{Path: filepath.Join(dir, "log")},
	}
	r.file("key", strings.Repeat("k", 32))
	r.file("directory.toml", "[[sender]]\nlogin = \"anne\"\n[[sender]]\nlogin = \"bruno\"\n")
	r.file("rcptquota.toml", r.configs.base())
	var err error
	if r.process, err = servers.StartProcess(r.log.Path, program, "serve", "--config", filepath.Join(dir, "rcptquota.toml")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.end)
	if !servers.Wait(func() bool { return r.process.Ended() || r.ask("status") == nil }) {
		t.Fatal("rcptquota does not start", r.log.Lines())
	}
	r.postfix = servers.StartPostfix(t, servers.PostfixConfig{
		Logins: true,
		Listeners: []servers.Listener{{Name: "submission", Options: []string{
			"smtpd_sasl_auth_enable = yes", "smtpd_milters = { unix:" + dir + "/milter.sock, default_action=tempfail, command_timeout=15s }",
		}}},
	})
	return r
}

// end stops rcptquota, which must have nothing to complain of but broken configurations.
func (r *relay) end() {
	r.process.Stop()
	if err := r.process.Exit(); err != nil {
		r.t.Errorf("rcptquota ends with %v", err)
	}
	trouble := regexp.MustCompile(`DATA RACE|^panic|^fatal error|cannot (settle|close|notify)|"?level"?[=:]"?ERROR`)
	for _, line := range r.log.Grep(trouble) {
		if !strings.Contains(line, "reload_failed") {
			r.t.Error(line)
		}
	}
}

func (r *relay) file(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.configs.dir, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// ask runs a command that asks the running rcptquota.
func (r *relay) ask(command string) error {
	output, err := exec.Command(program, command, "--socket", r.configs.dir+"/control.sock").CombinedOutput()
	if err != nil {
		return fmt.Errorf("rcptquota %s: %w: %s", command, err, output)
	}
	return nil
}

// reload puts the i-th configuration in force, by the command or by a signal, or finds
// that it is broken.
func (r *relay) reload(i int) {
	r.t.Helper()
	good := i%2 == 0
	config := r.configs.broken(i / 2)
	if good {
		config = r.configs.good(i / 2)
		r.file("directory.toml", fmt.Sprintf("# %d\n[[sender]]\nlogin = \"anne\"\n[[sender]]\nlogin = \"bruno\"\n", i/6))
	}
	r.file("rcptquota.toml", config)
	if i%10 < 2 {
		record := regexp.MustCompile(`\b(reloaded|reload_failed)\b.*SIGHUP`)
		n := len(r.log.Grep(record))
		if err := r.process.Signal(syscall.SIGHUP); err != nil {
			r.t.Fatal(err)
		}
		lines, err := r.log.Await(record, n+1)
		if err != nil {
			r.t.Fatal(err)
		}
		if strings.Contains(lines[n], "reloaded") != good {
			r.t.Errorf("reload %d: %s\n%s", i, lines[n], config)
		}
		return
	}
	if err := r.ask("reload"); (err == nil) != good {
		r.t.Errorf("reload %d: %v\n%s", i, err, config)
	}
}

// checkCount compares what is counted of a sender with what went.
func (r *relay) checkCount(login string, want int) {
	r.t.Helper()
	r.file("rcptquota.toml", r.configs.full())
	if err := r.ask("reload"); err != nil {
		r.t.Error(err)
		return
	}
	used := -1
	if !servers.Wait(func() bool { used = r.used(login); return used == want }) { // what was given up last may still be released
		r.t.Errorf("%s reached %d recipients, and %d are counted", login, want, used)
		return
	}
	r.t.Logf("%s reached %d recipients, and as many are counted", login, want)
}

var usedPattern = regexp.MustCompile(`In 24 hours you wrote to (\d+) recipients`)

// used is how much a message is told to be counted; 0 if it passes, since then nothing is.
func (r *relay) used(login string) int {
	r.t.Helper()
	c, err := dial(r.postfix.Address("submission"), login)
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.conn.Close() //nolint:errcheck // everything was answered
	for _, line := range []string{"MAIL FROM:<" + login + "@example.org>", "RCPT TO:<one@example.org>"} {
		if err := c.say(line, 250); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := c.text.PrintfLine("DATA"); err != nil {
		r.t.Fatal(err)
	}
	text, _ := c.answer(450)
	if m := usedPattern.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}

// figures are what /metrics tells of the process.
type figures struct {
	goroutines, files int
	heap              float64 // in MB, after the last collection
}

// measure reads /metrics, over a connection of its own.
func (r *relay) measure() figures {
	r.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: new(net.Dialer).DialContext}
	answer, err := (&http.Client{Transport: transport, Timeout: patience}).Get("http://" + r.configs.http + "/metrics")
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	values := map[string]float64{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			values[name] = n
		}
	}
	for _, name := range []string{"go_goroutines", "process_open_fds", "go_memstats_next_gc_bytes"} {
		if values[name] <= 0 || lines.Err() != nil {
			r.t.Fatalf("no %s in /metrics: %s, %v", name, answer.Status, lines.Err())
		}
	}
	return figures{
		goroutines: int(values["go_goroutines"]),
		files:      int(values["process_open_fds"]),
		heap:       values["go_memstats_next_gc_bytes"] / 2 / (1 << 20), // GOGC is 100
	}
}
