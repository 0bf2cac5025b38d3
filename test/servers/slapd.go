package servers

import (
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// Slapd is a real OpenLDAP server that knows the schemas of the field.
type Slapd struct {
	t          testing.TB
	dir        string
	port       int // of ldap
	securePort int // of ldaps
	authority  *authority
	process    *Process // nil when stopped
	counted    int      // searches that Searches made itself
}

// StartSlapd starts a server whose tree, below Base, holds the units people,
// structures, groups and lists. It ends with the test. The rest are pairs, old and
// new: texts to replace in the schemas and in slapd.conf, for a site that has them otherwise.
func StartSlapd(t testing.TB, replace ...string) *Slapd {
	t.Helper()
	s := &Slapd{t: t, dir: Scratch(t), port: FreePort(t), securePort: FreePort(t)}
	mkdirs(t, s.path("db"))
	s.authority = writeCertificates(t, s.dir)
	replacer := strings.NewReplacer(replace...)
	s.writeSchemas(replacer)
	write(t, s.path("slapd.conf"), replacer.Replace(strings.ReplaceAll(slapdConfig, "$D", s.dir)))
	t.Cleanup(s.Stop)
	s.Start()
	s.Add(slapdTree)
	return s
}

func (s *Slapd) writeSchemas(replacer *strings.Replacer) {
	s.t.Helper()
	files, err := fs.Glob(slapdSchemas, "schema/*")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, file := range files {
		text, err := slapdSchemas.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		write(s.t, s.path(path.Base(file)), replacer.Replace(string(text)))
	}
}

// URL is where the server listens in clear, and takes StartTLS: "ldap://…".
func (s *Slapd) URL() string { return fmt.Sprintf("ldap://127.0.0.1:%d", s.port) }

// SecureURL is where the server listens with TLS: "ldaps://…". Its certificate
// is for 127.0.0.1.
func (s *Slapd) SecureURL() string { return fmt.Sprintf("ldaps://127.0.0.1:%d", s.securePort) }

// SocketURL is the server's unix socket: "ldapi://…".
func (s *Slapd) SocketURL() string { return "ldapi://" + url.PathEscape(s.path("ldapi")) }

// CAFile holds the authority of the server's certificate, in PEM; each server
// has its own.
func (s *Slapd) CAFile() string { return s.path("ca.pem") }

// Certify gives the server, from its next Start on, another certificate of its
// authority, for the address and valid until then.
func (s *Slapd) Certify(address string, until time.Time) {
	s.t.Helper()
	s.authority.certify(s.t, s.dir, net.ParseIP(address), until)
}

// Base is the DN of the tree's root.
func (s *Slapd) Base() string { return "dc=ent,dc=test" }

// BindDN may read and change everything. Searches need no bind.
func (s *Slapd) BindDN() string { return "cn=admin,dc=ent,dc=test" }

// Password is that of BindDN.
func (s *Slapd) Password() string { return "secret" }

// Add adds the entries of an LDIF text (RFC 2849).
func (s *Slapd) Add(ldif string) {
	s.t.Helper()
	s.change(ldif, "-a")
}

// Modify applies the change records of an LDIF text (RFC 2849).
func (s *Slapd) Modify(ldif string) {
	s.t.Helper()
	s.change(ldif)
}

func (s *Slapd) change(ldif string, options ...string) {
	s.t.Helper()
	args := append([]string{"-x", "-H", s.URL(), "-D", s.BindDN(), "-w", s.Password()}, options...)
	cmd := exec.CommandContext(s.t.Context(), "ldapmodify", args...)
	cmd.Stdin = strings.NewReader(ldif)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("ldapmodify: %v\n%s", err, out)
	}
}

// Searches is how many searches the server has begun since it was started, those
// of this method aside (slapd-monitor(5)).
func (s *Slapd) Searches() int {
	s.t.Helper()
	conn, err := goldap.DialURL(s.URL())
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it was only read from
	result, err := conn.Search(goldap.NewSearchRequest("cn=Search,cn=Operations,cn=Monitor", goldap.ScopeBaseObject,
		goldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"monitorOpInitiated"}, nil))
	if err != nil || len(result.Entries) != 1 {
		s.t.Fatalf("cn=Monitor: %+v, %v", result, err)
	}
	begun, err := strconv.Atoi(result.Entries[0].GetAttributeValue("monitorOpInitiated"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.counted++
	return begun - s.counted
}

// Start starts the server that was stopped, on the same ports and with its data.
func (s *Slapd) Start() {
	s.t.Helper()
	program, err := exec.LookPath("slapd")
	if err != nil {
		program = "/usr/sbin/slapd" // not in everybody's PATH
	}
	s.counted = 0
	s.process, err = StartProcess(s.path("log"), program, "-d", "0", "-f", s.path("slapd.conf"),
		"-h", strings.Join([]string{s.URL(), s.SecureURL(), s.SocketURL()}, " "))
	if err != nil {
		s.t.Fatal(err)
	}
	if !Wait(func() bool { return s.answers() || s.process.Ended() }) || s.process.Ended() {
		log, _ := os.ReadFile(s.path("log"))
		s.t.Fatalf("slapd does not answer; it says:\n%s", log)
	}
}

func (s *Slapd) answers() bool {
	conn, err := goldap.DialURL(s.URL())
	if err != nil {
		return false
	}
	defer conn.Close() //nolint:errcheck // nothing was asked
	_, err = conn.Search(goldap.NewSearchRequest("", goldap.ScopeBaseObject, goldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", nil, nil))
	return err == nil
}

// Stop ends the server, and returns when it has ended. The data are kept.
func (s *Slapd) Stop() {
	if s.process == nil {
		return
	}
	s.Thaw() // a frozen one would not notice
	s.process.Stop()
	s.process = nil
}

// Freeze makes the server fall silent: the kernel still accepts connections for
// it, and nothing is answered.
func (s *Slapd) Freeze() {
	s.t.Helper()
	if err := s.process.Freeze(); err != nil {
		s.t.Error(err)
	}
}

// Thaw ends Freeze.
func (s *Slapd) Thaw() { s.signal(syscall.SIGCONT) }

func (s *Slapd) signal(signal os.Signal) {
	s.t.Helper()
	if err := s.process.Signal(signal); err != nil {
		s.t.Error(err)
	}
}

func (s *Slapd) path(name string) string { return filepath.Join(s.dir, name) }
