package servers

import (
	_ "embed"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Listener is an SMTP listener of a Postfix instance, on a free port.
type Listener struct {
	// Name is the listener's in the mail log: "postfix/NAME/smtpd".
	Name string
	// Options are the main.cf settings that hold for this listener alone, each
	// "name = value", as "-o" takes them. Its milters are one of them; without,
	// it has none.
	Options []string
}

// PostfixConfig says what an instance has beyond the base that postfix/main.cf
// and postfix/master.cf give it.
type PostfixConfig struct {
	Listeners []Listener
	// Logins lets any login in with any password, by a Dovecot of the instance's
	// own. Listeners with smtpd_sasl_auth_enable need it.
	Logins bool
	// TLS gives the instance a certificate that no client knows.
	TLS bool
	// Main are main.cf settings, each "name = value"; they replace the base's.
	Main []string
	// Master is master.cf text, added to the base's.
	Master string
}

// Postfix is a running instance.
type Postfix struct {
	// Dir is its folder; etc and queue are in it.
	Dir string
	// Log is its mail log.
	Log *LogFile

	addresses map[string]string
	process   *Process
}

// The base of main.cf and master.cf. $D stands for the instance's folder.
var (
	//go:embed postfix/main.cf
	baseMain string
	//go:embed postfix/master.cf
	baseMaster string
)

const (
	postfixMaster = "/usr/lib/postfix/sbin/master"
	postfixCommon = "/etc/postfix"
)

// startAttempts is how often an instance is made anew because another process took
// one of its ports meanwhile.
const startAttempts = 3

// StartPostfix starts an instance beside any other Postfix of the machine, and
// returns when its listeners accept connections.
func StartPostfix(t testing.TB, config PostfixConfig) *Postfix {
	t.Helper()
	for attempt := 1; ; attempt++ {
		p := PreparePostfix(t, config)
		if config.Logins { // before Postfix: without, its smtpd gives up
			startDovecot(t, p.path("queue/private/auth"))
		}
		failed := p.start(t)
		if failed == "" {
			return p
		}
		if attempt == startAttempts || !p.process.Ended() {
			t.Fatalf("postfix: listener %s does not accept connections; the log says:\n%s", failed, strings.Join(p.Log.Lines(), "\n"))
		}
	}
}

// start starts the instance, and returns the name of a listener that does not accept
// connections; empty: all do.
func (p *Postfix) start(t testing.TB) (failed string) {
	t.Helper()
	var err error
	p.process, err = StartProcess(p.path("master.out"), postfixMaster, "-c", p.path("etc"), "-d")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.process.Stop)
	for name, address := range p.addresses {
		if !Wait(func() bool { return p.process.Ended() || accepts(address) }) || p.process.Ended() {
			return name
		}
	}
	return ""
}

// PreparePostfix makes the folder and the configuration of an instance, has
// "postfix check" look at it, and does not start it.
func PreparePostfix(t testing.TB, config PostfixConfig) *Postfix {
	t.Helper()
	dir := Scratch(t)
	p := &Postfix{
		Dir:       dir,
		Log:       &LogFile{Path: filepath.Join(dir, "log", "maillog")},
		addresses: make(map[string]string),
	}
	mkdirs(t, p.path("etc/postfix-files.d"), p.path("etc/dynamicmaps.cf.d"), p.path("queue"), p.path("data"), p.path("log"))
	run(t, "chown", "postfix", p.path("data"))
	run(t, "cp", filepath.Join(postfixCommon, "postfix-files"), filepath.Join(postfixCommon, "dynamicmaps.cf"), p.path("etc"))
	write(t, p.path("etc/main.cf"), strings.ReplaceAll(baseMain, "$D", dir))
	write(t, p.path("etc/master.cf"), baseMaster+p.services(t, config.Listeners)+config.Master)
	settings := slices.Clone(config.Main)
	if config.TLS {
		writeCertificates(t, p.path("etc"))
		settings = append(settings, "smtpd_tls_cert_file = "+p.path("etc/cert.pem"), "smtpd_tls_key_file = "+p.path("etc/key.pem"))
	}
	if len(settings) > 0 {
		p.Postconf(t, append([]string{"-e"}, settings...)...)
	}
	run(t, "postfix", "-c", p.path("etc"), "check")
	return p
}

// Address is where the listener of that name accepts connections: "host:port".
// It is empty when there is none.
func (p *Postfix) Address(name string) string { return p.addresses[name] }

// Pid is the process id of the master daemon.
func (p *Postfix) Pid() int { return p.process.Pid() }

// Postconf returns what "postconf ARGS" prints for this instance.
func (p *Postfix) Postconf(t testing.TB, args ...string) string {
	t.Helper()
	return run(t, "postconf", append([]string{"-c", p.path("etc")}, args...)...)
}

// services are the master.cf lines of the listeners.
func (p *Postfix) services(t testing.TB, listeners []Listener) string {
	t.Helper()
	var b strings.Builder
	for _, l := range listeners {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(FreePort(t)))
		p.addresses[l.Name] = address
		fmt.Fprintf(&b, "%s inet n - n - 150 smtpd\n  -o { syslog_name = postfix/%s }\n", address, l.Name)
		for _, option := range l.Options {
			fmt.Fprintf(&b, "  -o { %s }\n", option)
		}
	}
	return b.String()
}

func (p *Postfix) path(name string) string { return filepath.Join(p.Dir, name) }

// accepts reports whether something accepts connections at a TCP address.
func accepts(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// run runs a command to its end and returns what it prints.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
	return string(output)
}
