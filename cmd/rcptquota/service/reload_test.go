package service

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/logging"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// written is what was written so far.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// running is a service in a folder of its own, in this process.
type running struct {
	*Service
	t       *testing.T
	dir     string
	hangups chan os.Signal
	log     written
}

// start serves a configuration, in which $D is the folder, until the test ends.
func start(t *testing.T, config string) *running {
	t.Helper()
	r := &running{t: t, dir: servers.Scratch(t), hangups: make(chan os.Signal, 1)}
	r.write(config)
	queue := logging.NewQueue(&r.log)
	r.Service = newService(filepath.Join(r.dir, "rcptquota.toml"), "test", queue)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.run(ctx, r.hangups) }()
	if !servers.Wait(r.ready.Load) {
		t.Fatal("it does not start", <-ended)
	}
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		queue.Finish()
	})
	return r
}

// write writes the configuration, without putting it in force.
func (r *running) write(config string) {
	r.t.Helper()
	config = strings.ReplaceAll("state_dir = \"$D/state\"\n"+config, "$D", r.dir)
	if n := strings.Count(config, "state_dir = "); n > 1 {
		_, config, _ = strings.Cut(config, "\n")
	}
	if err := os.WriteFile(filepath.Join(r.dir, "rcptquota.toml"), []byte(config), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// reloads writes a configuration and puts it in force.
func (r *running) reloads(config string) *Reloaded {
	r.t.Helper()
	r.write(config)
	done, err := r.reloadFor("tester")
	if err != nil {
		r.t.Fatal(err)
	}
	return done
}

func (r *running) socket() string { return filepath.Join(r.dir, "s.sock") }

const (
	listen  = "[[listen]]\naddress = \"unix:$D/s.sock\"\n"
	windows = "[class.all]\nrecipients = 100\n[[class.all.window]]\nper = \"1h\"\nrecipients = 150\ncount = \"copies\"\n"
)

// What fits is kept, what does not is opened anew.
func TestReloadKeepsWhatFits(t *testing.T) {
	const ldap = "[directory]\nsource = \"ldap\"\npreset = \"sdet\"\nservers = [\"ldap://127.0.0.1:1\"]\nbase = \"dc=test\"\n"
	const premium = "[class.premium]\nrecipients = 500\n"
	first := listen + windows + premium + ldap
	r := start(t, first)
	for i, step := range []struct {
		config string
		anew   []string
	}{
		{first, nil},
		{strings.Replace(first, "per = \"1h\"", "per = \"2h\"", 1), nil},
		{first + "ttl = \"1m\"\n", []string{"directory", "roster"}},
		{first, []string{"directory", "roster"}},
		{first + "[premium]\nper_establishment = 5\n", []string{"roster"}},
		{first + "[history]\nkeep = \"24h\"\n", []string{"roster", "history"}},
		{"state_dir = \"$D/other\"\n" + first + "[history]\nkeep = \"24h\"\n", []string{"roster", "store", "history"}},
		{"state_dir = \"$D/other\"\n" + first, []string{"history"}},
		{listen + "[class.all]\nrecipients = 100\n" + ldap, []string{"roster", "store", "history"}},
		{listen, []string{"directory", "roster"}},
		{listen, nil},
	} {
		before := r.InForce()
		done := r.reloads(step.config)
		if !slices.Equal(done.Anew, step.anew) {
			t.Errorf("step %d: %q were opened anew, want %q", i, done.Anew, step.anew)
		}
		if after := r.InForce(); after == before || (after.Directory == before.Directory) == slices.Contains(step.anew, "directory") {
			t.Errorf("step %d: the parts before are in force", i)
		}
	}
}

// A directory in a file that was changed is read at once, and a mistake in it is one of
// the reload's.
func TestReloadReadsTheDirectoryFile(t *testing.T) {
	r := start(t, listen)
	file := filepath.Join(r.dir, "directory.toml")
	if err := os.WriteFile(file, []byte("[[sender]]\nlogin = \"anne\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if done := r.reloads(listen); !slices.Equal(done.Anew, []string{"directory", "roster"}) {
		t.Errorf("opened anew: %q", done.Anew)
	}
	if _, err := r.InForce().Directory.Sender(t.Context(), "anne"); err != nil {
		t.Errorf("anne: %v", err)
	}
	if err := os.WriteFile(file, []byte("[[sender]]\nlogin = \"anne\"\nsurname = \"Durand\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.reloadFor("tester"); err == nil || !strings.HasSuffix(err.Error(), "directory.toml:3: sender[0].surname: unknown key") {
		t.Errorf("with a mistake: %v", err)
	}
}

// Messages under way go on by the rules by which they began, over any number of reloads,
// and their counts end up where they began.
func TestReloadUnderWay(t *testing.T) {
	r := start(t, listen+windows)
	one, two := dialMTA(t, r.socket()), dialMTA(t, r.socket())
	if answer := one.data("anne", 60); answer != "c" {
		t.Fatal(answer)
	}
	if answer := two.data("anne", 50); answer != "c" {
		t.Fatal(answer)
	}
	r.reloads("state_dir = \"$D/other\"\n" + listen + windows)
	three := dialMTA(t, r.socket())
	if answer := three.data("anne", 90); answer != "c" {
		t.Errorf("the new store knows of the old one's counts: %s", answer)
	}
	r.reloads(listen + strings.Replace(windows, "100", "20", 1))
	for name, m := range map[string]*mta{"one": one, "three": three} {
		if answer := m.end(); answer != "c" {
			t.Errorf("message %s: %s", name, answer)
		}
		m.abort()
	}
	two.abort()
	if answer := one.data("bruno", 21); !strings.Contains(answer, "limite est de 20") {
		t.Errorf("the next message on the same connection: %s", answer)
	}
	one.abort()
	// 60 were committed there, and 50 given back.
	if answer := two.data("anne", 20); answer != "c" {
		t.Error(answer)
	}
	if answer := two.end(); answer != "c" {
		t.Error(answer)
	}
	two.abort()
	r.reloads(listen + strings.ReplaceAll(windows, "150", "85"))
	if answer := two.data("anne", 6); !strings.Contains(answer, "80 destinataires") {
		t.Errorf("a changed limit holds for what is counted: %s", answer)
	}
	two.abort()
}

// Sockets come and go; a mistake about one leaves all as they were.
func TestReloadSockets(t *testing.T) {
	r := start(t, listen)
	old := dialMTA(t, r.socket())
	http := fmt.Sprintf("[http]\naddress = \"127.0.0.1:%d\"\n", servers.FreePort(t))
	r.reloads(strings.Replace(listen, "s.sock", "t.sock", 1) + http + "[control]\nsocket = \"$D/c.sock\"\nmode = \"0600\"\n")
	if _, err := net.Dial("unix", r.socket()); err == nil {
		t.Error("the socket before is still there")
	}
	if answer := old.data("anne", 1) + old.end(); answer != "cc" {
		t.Errorf("who came by it: %s", answer)
	}
	if answer := dialMTA(t, filepath.Join(r.dir, "t.sock")).data("anne", 1); answer != "c" {
		t.Error(answer)
	}
	for file, want := range map[string]os.FileMode{"c.sock": 0o600, "t.sock": 0o660} {
		if info, err := os.Stat(filepath.Join(r.dir, file)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
	r.write(listen + "mode = \"0622\"\n[[listen]]\naddress = \"unix:$D/t.sock\"\nmode = \"0600\"\n[http]\naddress = \"192.0.2.1:1\"\n")
	if _, err := r.reloadFor("tester"); err == nil || !strings.Contains(err.Error(), "192.0.2.1:1") {
		t.Errorf("an address that is not ours: %v", err)
	}
	if info, err := os.Stat(filepath.Join(r.dir, "t.sock")); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("after a mistake: %v, %v", info, err)
	}
	if _, err := net.Dial("unix", r.socket()); err == nil {
		t.Error("after a mistake there is a new socket")
	}
	r.reloads(strings.Replace(listen, "s.sock", "t.sock", 1) + "mode = \"0600\"\nrole = \"inbound\"\n")
	if info, err := os.Stat(filepath.Join(r.dir, "t.sock")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode was changed: %v, %v", info, err)
	}
}

// Reloads that are asked for at once come one after the other; what was asked for by whom
// is in the log, and a failure is an alert.
func TestReloadsAtOnce(t *testing.T) {
	r := start(t, listen+"[alerts]\nenabled = true\n")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := r.reloadFor(fmt.Sprint("user", i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	r.hangups <- os.Interrupt // any will do
	if !servers.Wait(func() bool { return strings.Contains(r.log.String(), "msg=reloaded by=SIGHUP ") }) {
		t.Error("a signal does not reload")
	}
	r.write("enforce = 7\n")
	want := r.path + ":2: enforce: the value is of type integer; want true or false"
	if _, err := r.reloadFor("anne"); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if ok, loaded := r.Service.reloads(); ok || time.Since(loaded) > time.Minute {
		t.Errorf("the metrics say %v, %v", ok, loaded)
	}
	for _, want := range []string{"msg=reloaded by=user19 ", `msg=reload_failed by=anne error="` + r.path + ":2: enforce: ", "msg=alert kind=reload "} {
		if !servers.Wait(func() bool { return strings.Contains(r.log.String(), want) }) {
			t.Errorf("the log lacks %s", want)
		}
	}
}

// What takes a restart is told with its line, and refused with all the rest.
func TestReloadThatTakesARestart(t *testing.T) {
	r := start(t, listen+windows)
	if err := os.WriteFile(filepath.Join(r.dir, "key"), bytes.Repeat([]byte("k"), 32), 0o600); err != nil {
		t.Fatal(err)
	}
	before := r.InForce()
	const redis = "[store]\nkind = \"redis\"\ndigest_key_file = \"key\"\naddresses = [\"127.0.0.1:1\"]\n"
	r.write(redis + strings.Replace(listen, "s.sock", "t.sock", 1) + windows)
	want := r.path + ":2: store: what is counted in \"" + r.dir + "/state\" goes by another digest key (that of the folder with kind = \"embedded\", " +
		"digest_key_file with \"redis\"); changing it takes a restart"
	if _, err := r.reloadFor("tester"); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "t.sock")); err == nil || r.InForce() != before {
		t.Error("a part of it is in force")
	}
	// With nothing counted in state_dir it takes none.
	if done := r.reloads(redis + "unavailable = \"defer\"\n" + listen + windows); !slices.Equal(done.Anew, []string{"roster", "store", "history"}) {
		t.Errorf("opened anew: %q", done.Anew)
	}
	if answer := dialMTA(t, r.socket()).data("anne", 1); !strings.HasPrefix(answer, "y451 ") {
		t.Errorf("without Redis: %s", answer)
	}
}

// Two hundred reloads, half of them of broken configurations, leave nothing behind:
// TestMain looks for goroutines, this test for memory.
func TestManyReloads(t *testing.T) {
	r := start(t, listen+windows)
	m := dialMTA(t, r.socket())
	variants := []string{
		listen + windows,
		"state_dir = \"$D/other\"\n" + listen + windows,
		listen + "[[listen]]\naddress = \"unix:$D/t.sock\"\n",
		listen + "[control]\nsocket = \"$D/c.sock\"\n[log]\nfile = \"log\"\n",
		listen + windows + "[directory]\nsource = \"ldap\"\nservers = [\"ldap://127.0.0.1:1\"]\nbase = \"dc=test\"\n[class.premium]\nrecipients = 500\n",
	}
	heap := func() float64 {
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		return float64(now.HeapAlloc) / (1 << 20)
	}
	files := func() int {
		open, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(open)
	}
	var early float64
	var earlyFiles int
	for i := range 100 {
		r.reloads(variants[i%len(variants)])
		if answer := m.data("anne", 1); answer != "c" {
			t.Fatalf("reload %d: %s", i, answer)
		}
		r.write(variants[(i+1)%len(variants)] + "[[listen]]\naddress = \"unix:$D/none/s.sock\"\n")
		if _, err := r.reloadFor("tester"); err == nil {
			t.Fatalf("reload %d: a broken configuration is in force", i)
		}
		m.abort()
		if i == 20 { // the first of the variants, as at the end
			early, earlyFiles = heap(), files()
		}
	}
	late := heap()
	t.Logf("%.2f MB after 40 reloads, %.2f MB after 200; %d and %d files are open", early, late, earlyFiles, files())
	r.reloads(variants[0])
	if !servers.Wait(func() bool { return files() <= earlyFiles }) {
		t.Errorf("%d files are open", files())
	}
	if late > early+1 {
		t.Error("memory grows")
	}
}

// systemd is told when a reload begins, with the time that Type=notify-reload waits for,
// and when it is over, however it ended.
func TestReloadNotifies(t *testing.T) {
	path := filepath.Join(servers.Scratch(t), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close() //nolint:errcheck // the test is over
	t.Setenv("NOTIFY_SOCKET", path)
	told := func() string {
		t.Helper()
		if err := systemd.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 4096)
		n, err := systemd.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		return string(buffer[:n])
	}
	r := start(t, listen)
	if got := told(); got != "READY=1" {
		t.Errorf("at the start: %q", got)
	}
	r.reloads(listen)
	r.write("x = 1\ny = 2\n")
	if _, err := r.reloadFor("tester"); err == nil {
		t.Error("it is in force")
	}
	for _, want := range []string{
		`^RELOADING=1\nMONOTONIC_USEC=\d+\n$`, `^READY=1\nSTATUS=reloaded at \S+ \S+$`,
		`^RELOADING=1\nMONOTONIC_USEC=\d+\n$`, `^READY=1\nSTATUS=the last reload failed, and the previous configuration stays in force: .*:2: x: unknown key; .*:3: y: unknown key$`,
	} {
		if got := told(); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("told %q, want %s", got, want)
		}
	}
}
