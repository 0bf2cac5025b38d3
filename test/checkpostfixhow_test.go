//go:build servers

package test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

func TestCheckPostfixThatCannotBeRead(t *testing.T) {
	d := shippedPostfix(t)
	empty, file := t.TempDir(), filepath.Join(t.TempDir(), "main.cf")
	writeFile(t, file, "")
	half := d.copy(t)
	if err := os.Remove(filepath.Join(half.etc, "master.cf")); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		filepath.Join(empty, "absent"): `absent: no such file or directory`,
		file:                           `main.cf is no folder; name the one with main.cf and master.cf`,
		empty:                          `postconf: open .*/main.cf: No such file or directory`,
		half.etc:                       `postconf: open .*/master.cf: No such file or directory`,
	} {
		p := pitfall{etc: folder, queue: half.queue, config: half.config}
		output, err := p.command(t, "--postfix", folder).CombinedOutput()
		if exitCode(err) != 1 || !regexp.MustCompile(`(?m)^Postfix: .*`+want).Match(output) {
			t.Errorf("%s: %v\n%s", folder, err, output)
		}
	}
	for args, want := range map[string]string{
		"--json":                             "need --postfix",
		"--postfix=/etc/postfix /etc":        `unexpected argument "/etc"`,
		"folder":                             `unexpected argument "folder"`,
		"--postfix=/etc/postfix --ignore=no": "--ignore no: there is no pitfall of that name",
	} {
		cmd := exec.CommandContext(t.Context(), program(), append([]string{"check", "--config", half.config}, strings.Fields(args)...)...)
		if output, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(output), want) {
			t.Errorf("%s: %v\n%s", args, err, output)
		}
	}
	nowhere := exec.CommandContext(t.Context(), program(), "check", "--config", half.config, "--postfix")
	if output, err := nowhere.CombinedOutput(); err == nil || !strings.Contains(string(output), "--systemd-socket submission=unix:/PATH") {
		t.Errorf("without --systemd-socket: %v\n%s", err, output)
	}
}

func exitCode(err error) int {
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return e.ExitCode()
	}
	return 0
}

// TestCheckPostfixAsSomebodyElse: who is not root learns what can be read, and that
// the sockets were not tried.
func TestCheckPostfixAsSomebodyElse(t *testing.T) {
	d := shippedPostfix(t)
	p := d.copy(t)
	dir := filepath.Dir(p.config)
	binary, err := os.ReadFile(program())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "rcptquota"), binary, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rcptquota.toml", "directory.toml", "etc/main.cf", "etc/master.cf"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func() (string, error) {
		cmd := p.command(t, "--postfix", p.etc)
		cmd.Path = filepath.Join(dir, "rcptquota")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: nobody(t)}
		output, err := cmd.CombinedOutput()
		return string(output), err
	}
	said, err := run()
	if err != nil || !strings.Contains(said, ": nothing is wrong\nnote: the sockets were not tried: only root can connect as the user postfix\n") {
		t.Errorf("%v\n%s", err, said)
	}
	if err := os.Chmod(filepath.Join(dir, "etc/master.cf"), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err = run()
	if err == nil || !strings.Contains(said, "master.cf: Permission denied") {
		t.Errorf("%v\n%s", err, said)
	}
}

func nobody(t *testing.T) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// TestCheckPostfixInstances: without a folder, all instances that are enabled are read.
func TestCheckPostfixInstances(t *testing.T) {
	d := shippedPostfix(t)
	first, second, third := d.copy(t), d.copy(t), d.copy(t)
	first.shell(t, "postconf -c $ETC -e multi_instance_directories="+second.etc+","+third.etc)
	for _, p := range []pitfall{second, third} {
		p.shell(t, "postconf -c $ETC -P submission/inet/smtpd_milters=")
	}
	second.shell(t, "postconf -c $ETC -e multi_instance_enable=yes")
	cmd := first.command(t, "--postfix", "--json")
	cmd.Env = append(os.Environ(), "MAIL_CONFIG="+first.etc)
	output, err := cmd.Output()
	if exitCode(err) != 1 {
		t.Error(err)
	}
	var said struct {
		Postfix []struct {
			Directory, Version string
			Findings           []struct {
				Pitfall, Sentence string
				Services, Write   []string
			}
			Notes []string
		}
	}
	if err := json.Unmarshal(output, &said); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	all := said.Postfix
	if len(all) != 2 || all[0].Directory != first.etc || all[1].Directory != second.etc {
		t.Fatalf("%s", output)
	}
	if len(all[0].Findings) != 0 || len(all[1].Findings) != 1 || all[1].Findings[0].Pitfall != "submission_without" ||
		all[1].Findings[0].Write[0] != "postconf -c "+second.etc+" -P 'submission/inet/smtpd_milters=$rcptquota_submission'" {
		t.Errorf("%s", output)
	}
}

// TestCheckPostfixWithoutDirectory: what is wrong with Postfix is told even if the
// directory cannot be asked.
func TestCheckPostfixWithoutDirectory(t *testing.T) {
	d := shippedPostfix(t)
	p := d.copy(t)
	p.shell(t, "postconf -c $ETC -P submission/inet/smtpd_milters=")
	port := servers.FreePort(t)
	writeFile(t, p.config, strings.Replace(deployFile(t, "rcptquota.toml"),
		`"ldaps://ldap1.ac-test.fr", "ldaps://ldap2.ac-test.fr"`, `"ldap://127.0.0.1:`+strconv.Itoa(port)+`"`, 1))
	writeFile(t, filepath.Join(filepath.Dir(p.config), "ldap.secret"), "secret\n")
	output, err := p.command(t, "--postfix="+p.etc).CombinedOutput()
	if exitCode(err) != 1 || !strings.Contains(string(output), "\nsubmission_without, submission/inet\n") ||
		!strings.Contains(string(output), "connection refused") {
		t.Errorf("%v\n%s", err, output)
	}
}
