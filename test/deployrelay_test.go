//go:build servers

package test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// deployFolder is what a postmaster installs.
const deployFolder = "../deploy/postfix"

// deployed is a relay set up with the files of deployFolder as they are, but for
// ports, the queue directory, and LDAP.
type deployed struct {
	t       *testing.T
	postfix *servers.Postfix
	ports   map[string]string // by the service's name in master.cf
	names   []string          // FileDescriptorName of each socket
	sockets []*os.File
	config  string
	log     *servers.LogFile
}

func startDeployed(t *testing.T) *deployed {
	t.Helper()
	dir := servers.Scratch(t)
	d := &deployed{
		t:      t,
		ports:  make(map[string]string),
		config: filepath.Join(dir, "rcptquota.toml"),
		log:    &servers.LogFile{Path: filepath.Join(dir, "log")},
	}
	runtime := "/run/" + unitKey(t, deployFile(t, "rcptquota.service"), "RuntimeDirectory") // which systemd makes
	text := withDirectoryFile(deployFile(t, "rcptquota.toml"))
	if !strings.Contains(text, `socket = "`+runtime+"/") {
		t.Errorf("the control socket is not in %s", runtime)
	}
	writeFile(t, d.config, fmt.Sprintf("state_dir = %q\n", dir)+strings.ReplaceAll(text, runtime, dir))
	writeFile(t, filepath.Join(dir, "directory.toml"), deployFile(t, "directory.toml"))
	d.postfix = servers.StartPostfix(t, servers.PostfixConfig{
		Logins: true,
		TLS:    true,
		// A site that names the milter for all services has it on the way back too,
		// but for no_milters.
		Main:   append(settings(deployFile(t, "main.cf")), "smtpd_milters = $rcptquota_submission"),
		Master: d.withFreePorts(deployFile(t, "master.cf")),
	})
	for service, address := range d.ports {
		if !servers.Wait(func() bool { return accepts("tcp", address) }) {
			t.Fatalf("%s: nothing listens on %s\n%s", service, address, joined(d.postfix.Log))
		}
	}
	for _, name := range []string{"rcptquota-submission.socket", "rcptquota-inbound.socket"} {
		d.listen(deployFile(t, name))
	}
	return d
}

// serve starts rcptquota as systemd does, with the sockets (sd_listen_fds(3)).
func (d *deployed) serve() *servers.Process {
	d.t.Helper()
	cmd := exec.Command("sh", "-c", `export LISTEN_PID=$$; exec "$0" serve --config "$1"`, program(), d.config)
	cmd.Env = append(os.Environ(), "LISTEN_FDS="+strconv.Itoa(len(d.sockets)), "LISTEN_FDNAMES="+strings.Join(d.names, ":"))
	cmd.ExtraFiles = d.sockets
	process, err := servers.StartCommand(d.log.Path, cmd)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(process.Kill)
	return process
}

// inetService is the beginning of a network service's line in master.cf.
var inetService = regexp.MustCompile(`(?m)^(\S+)(\s+inet\s)`)

// withFreePorts puts each network service of master.cf text onto a free port.
func (d *deployed) withFreePorts(text string) string {
	return inetService.ReplaceAllStringFunc(text, func(line string) string {
		service := strings.Fields(line)[0]
		d.ports[service] = fmt.Sprintf("127.0.0.1:%d", servers.FreePort(d.t))
		return d.ports[service] + " inet "
	})
}

// queueDirectory is Postfix's, where the socket units put the sockets.
const queueDirectory = "/var/spool/postfix/"

// listen makes the socket that a socket unit describes.
func (d *deployed) listen(unit string) {
	d.t.Helper()
	below, found := strings.CutPrefix(unitKey(d.t, unit, "ListenStream"), queueDirectory)
	if !found {
		d.t.Fatalf("the socket is not below %s:\n%s", queueDirectory, unit)
	}
	path := filepath.Join(d.postfix.Dir, "queue", below)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		d.t.Fatal(err)
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = ln.Close() })
	mode, err := strconv.ParseUint(unitKey(d.t, unit, "SocketMode"), 8, 9)
	if err != nil {
		d.t.Fatal(err)
	}
	group, err := user.LookupGroup(unitKey(d.t, unit, "SocketGroup"))
	if err != nil {
		d.t.Fatal(err)
	}
	gid, err := strconv.Atoi(group.Gid)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := os.Chown(path, -1, gid); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Chmod(path, os.FileMode(mode)); err != nil {
		d.t.Fatal(err)
	}
	file, err := ln.File()
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = file.Close() })
	d.names = append(d.names, unitKey(d.t, unit, "FileDescriptorName"))
	d.sockets = append(d.sockets, file)
}

// unitKey returns the value of a key that a unit file has once.
func unitKey(t *testing.T, unit, key string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^`+key+`=(.+)$`).FindAllStringSubmatch(unit, -1)
	if len(found) != 1 {
		t.Fatalf("%d values of %s in:\n%s", len(found), key, unit)
	}
	return found[0][1]
}

// settings returns the "name = value" of main.cf text, each on one line.
func settings(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "":
		case line[0] == ' ' || line[0] == '\t':
			lines[len(lines)-1] += " " + strings.TrimSpace(line)
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

// directoryTable is the table [directory] up to the next one.
var directoryTable = regexp.MustCompile(`(?ms)^\[directory\]\n.*?^\[`)

// withDirectoryFile replaces LDAP in the configuration, which the tests have no
// server for, by directory.toml beside it.
func withDirectoryFile(config string) string {
	return directoryTable.ReplaceAllString(config, "[directory]\nsource = \"file\"\n[")
}

func deployFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(deployFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
