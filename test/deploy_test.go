//go:build servers

package test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

func TestDeployedConfigurationPassesCheck(t *testing.T) {
	for name, config := range map[string]string{
		"LDAP": ldapConfig(t),
		"file": fileConfig(t),
	} {
		t.Run(name, func(t *testing.T) {
			output, err := exec.CommandContext(t.Context(), program(), "check", "--offline", "--config", config).CombinedOutput()
			if err != nil {
				t.Errorf("rcptquota check: %v\n%s", err, output)
			}
		})
	}
}

// ldapConfig is the deployed configuration with a password.
func ldapConfig(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "ldap.secret"), "secret\n")
	writeFile(t, filepath.Join(dir, "rcptquota.toml"), deployFile(t, "rcptquota.toml"))
	return filepath.Join(dir, "rcptquota.toml")
}

// fileConfig is the deployed configuration with the deployed directory.toml.
func fileConfig(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "directory.toml"), deployFile(t, "directory.toml"))
	writeFile(t, filepath.Join(dir, "rcptquota.toml"), withDirectoryFile(deployFile(t, "rcptquota.toml")))
	return filepath.Join(dir, "rcptquota.toml")
}

// TestDeployedPostfix runs Postfix, its smtpd in a chroot as on Debian, with the
// lines that we ask a postmaster to add.
func TestDeployedPostfix(t *testing.T) {
	d := startDeployed(t)
	process := d.serve()
	t.Run("postconf has nothing to say", func(t *testing.T) {
		if said := d.postfix.Postconf(t, "-n") + d.postfix.Postconf(t, "-M"); strings.Contains(said, "warning") {
			t.Error(said)
		}
	})
	t.Run("status", func(t *testing.T) {
		var output []byte
		works := func() (err error) {
			output, err = exec.CommandContext(t.Context(), program(), "status", "--config", d.config).CombinedOutput()
			return err
		}
		if !servers.Wait(func() bool { return works() == nil }) || !strings.Contains(string(output), "\nEverything works.\n") {
			t.Errorf("%s", output)
		}
	})
	t.Run("reload", func(t *testing.T) {
		_, args, _ := strings.Cut(unitKey(t, deployFile(t, "rcptquota.service"), "ExecReload"), " ")
		args = strings.ReplaceAll(args, "/run/rcptquota", filepath.Dir(d.config))
		if output, err := exec.CommandContext(t.Context(), program(), strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
		await(t, d.log, `msg=reloaded by=\S+ `)
	})
	t.Run("submission", func(t *testing.T) {
		c := d.login(t, "mdurand", dialSMTP, "submission")
		expect(t, c, 150, "250 2.0.0 ")
		expect(t, c, 151, "550 5.5.3 ")
		await(t, d.log, `msg=refused .*sender=mdurand class=ecollege31 .*recipients=151 limit=150 .*role=submission`)
	})
	t.Run("submissions", func(t *testing.T) {
		c := d.login(t, "pmartin", dialSMTPS, "submissions")
		expect(t, c, 5000, "250 2.0.0 ")
		expect(t, c, 5001, "550 5.5.3 ") // and not Postfix's 452
		await(t, d.log, `msg=refused .*sender=pmartin .*recipients=5001 limit=5000 .*role=submission`)
	})
	t.Run("MX", func(t *testing.T) {
		expect(t, d.greet(t, dialSMTP, "smtp"), 1, "250 2.0.0 ")
		await(t, d.log, `msg=accepted .*recipients=1 .*role=inbound`)
	})
	t.Run("re-injection", func(t *testing.T) {
		before := len(d.log.Lines())
		expect(t, d.greet(t, dialSMTP, "127.0.0.1:10025"), 600, "250 2.0.0 ")
		await(t, d.postfix.Log, `postfix/reinjection/smtpd.*: disconnect from|postfix/qmgr.* nrcpt=600 `)
		if after := d.log.Lines(); len(after) > before {
			t.Errorf("rcptquota saw it: %s", after[before])
		}
	})
	t.Run("restart", func(t *testing.T) { d.restart(t, process) })
}

// restart: a message under way goes through, a connection that comes meanwhile
// waits for the next process, and neither sees an error.
func (d *deployed) restart(t *testing.T, old *servers.Process) {
	t.Helper()
	under := d.login(t, "mdurand", dialSMTP, "submission")
	say := func(lines ...string) {
		t.Helper()
		if replies, err := under.commands(lines); err != nil || replies[len(replies)-1].refused() {
			t.Fatal(replies, err)
		}
	}
	say("MAIL FROM:<marie.durand@ecollege31.fr>", "RCPT TO:<one@example.net>", "DATA")
	if err := old.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await(t, d.log, "msg=stopping")

	meanwhile := make(chan error)
	go func() {
		c, _, err := dialSMTP(d.ports["smtp"])
		if err == nil {
			defer c.close()
			var r reply
			if r, err = c.message(1); err == nil && r.refused() {
				err = fmt.Errorf("refused: %s", r)
			}
		}
		meanwhile <- err
	}()
	await(t, d.postfix.Log, `postfix/smtpd\[.*: connect from`)
	say(text + ".")
	if err := old.Exit(); err != nil {
		t.Fatalf("rcptquota ends with %v", err)
	}
	next := d.serve()
	if err := <-meanwhile; err != nil {
		t.Errorf("the connection that came meanwhile: %v", err)
	}
	if err := next.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := next.Exit(); err != nil {
		t.Errorf("rcptquota ends with %v", err)
	}
}

// greet connects to a service and says EHLO; over STARTTLS where that is wanted.
func (d *deployed) greet(t *testing.T, dial func(string) (*smtpConn, reply, error), service string) *smtpConn {
	t.Helper()
	c, _, err := dial(d.ports[service])
	if err != nil {
		t.Fatalf("%s: %v\n%s", service, err, joined(d.postfix.Log))
	}
	t.Cleanup(c.close)
	if r, err := c.command(ehlo); err != nil || r.refused() {
		t.Fatal(r, err)
	}
	return c
}

// login is greet with a login, over TLS.
func (d *deployed) login(t *testing.T, login string, dial func(string) (*smtpConn, reply, error), service string) *smtpConn {
	t.Helper()
	c := d.greet(t, dial, service)
	if service == "submission" {
		if r, err := c.startTLS(); err != nil || r.refused() {
			t.Fatal(r, err)
		}
		if r, err := c.command(ehlo); err != nil || r.refused() {
			t.Fatal(r, err)
		}
	}
	if r, err := c.login(login); err != nil || r.refused() {
		t.Fatal(r, err)
	}
	return c
}

// expect sends a message and holds the deciding reply to begin like want.
func expect(t *testing.T, c *smtpConn, recipients int, want string) {
	t.Helper()
	r, err := c.message(recipients)
	if err != nil || !strings.HasPrefix(r.String(), want) {
		t.Errorf("a message to %d: %v %v, not %s", recipients, r, err, want)
	}
}

func await(t *testing.T, log *servers.LogFile, pattern string) {
	t.Helper()
	if _, err := log.Await(regexp.MustCompile(pattern), 1); err != nil {
		t.Error(err)
	}
}
