//go:build servers

package test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rcptquota/rcptquota/test/servers"
)

// rcptquota is the program under test, as one script runs it.
type rcptquota struct {
	log     *servers.LogFile
	process *servers.Process
}

func rcptquotaCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: rcptquota start [-log=full|closed] FILE | term | hup | kill | wait | stop")
	}
	c := of(ts)
	if args[0] == "start" && len(args) == 2 {
		ts.Check(c.start(ts, args[1], nil))
		return
	}
	if kind, ok := strings.CutPrefix(args[min(1, len(args)-1)], "-log="); ok && args[0] == "start" && len(args) == 3 {
		reader, stderr, err := brokenPipe(kind)
		ts.Check(err)
		ts.Defer(func() { _ = reader.Close() })
		ts.Check(errors.Join(c.start(ts, args[2], stderr), stderr.Close()))
		return
	}
	if c.process == nil || len(args) != 1 {
		ts.Fatalf("rcptquota %s: wrong arguments, or it does not run", strings.Join(args, " "))
	}
	switch args[0] {
	case "term":
		ts.Check(c.process.Signal(syscall.SIGTERM))
	case "hup":
		ts.Check(c.process.Signal(syscall.SIGHUP))
	case "kill":
		c.process.Kill()
		c.process = nil
	case "wait":
		ts.Check(c.wait())
	case "stop":
		ts.Check(c.finish())
	default:
		ts.Fatalf("rcptquota %s: no such thing", args[0])
	}
}

// listenAddress finds the sockets in a configuration.
var listenAddress = regexp.MustCompile(`(?m)^address = "(unix|inet):(.+)"`)

// start runs "rcptquota serve" with a copy of a configuration file in which the
// script's variables are replaced, and waits until its sockets accept. Its log goes
// to stderr, unless that is nil.
func (r *rcptquota) start(ts *testscript.TestScript, name string, stderr *os.File) error {
	if r.process != nil {
		return errors.New("rcptquota runs already")
	}
	text := os.Expand(ts.ReadFile(name), ts.Getenv)
	if !strings.Contains(text, "state_dir = ") {
		text = fmt.Sprintf("state_dir = %q\n%s", ts.Getenv("WORK"), text)
	}
	config := filepath.Join(ts.Getenv("WORK"), name+".expanded")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(program(), "serve", "--config", config)
	if stderr != nil {
		cmd.Stderr = stderr
	}
	process, err := servers.StartCommand(r.log.Path, cmd)
	if err != nil {
		return err
	}
	r.process = process
	for _, address := range listenAddress.FindAllStringSubmatch(text, -1) {
		network := map[string]string{"unix": "unix", "inet": "tcp"}[address[1]]
		if !servers.Wait(func() bool { return process.Ended() || accepts(network, address[2]) }) || process.Ended() {
			return fmt.Errorf("rcptquota does not listen on %s", address[0])
		}
	}
	return nil
}

func accepts(network, address string) bool {
	conn, err := net.Dial(network, address)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// brokenPipe returns a pipe that is full, or whose reader is closed.
func brokenPipe(kind string) (reader, writer *os.File, err error) {
	reader, writer, err = os.Pipe()
	if err != nil || kind == "closed" {
		return reader, writer, errors.Join(err, reader.Close())
	}
	if err := writer.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		return nil, nil, err
	}
	for err == nil {
		_, err = writer.Write(make([]byte, 4096))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, nil, err
	}
	return reader, writer, nil
}

// wait waits for the program's end, which must be a good one.
func (r *rcptquota) wait() error {
	process := r.process
	r.process = nil
	err := process.Exit()
	process.Kill()
	if err != nil {
		return fmt.Errorf("rcptquota ends with %w", err)
	}
	return nil
}

// finish stops the program if it still runs. It must have raced nowhere.
func (r *rcptquota) finish() error {
	var errs []error
	if r.process != nil {
		errs = append(errs, r.process.Signal(syscall.SIGTERM), r.wait())
	}
	if trouble := r.log.Grep(regexp.MustCompile(`DATA RACE|^panic:|^fatal error:`)); len(trouble) > 0 {
		errs = append(errs, fmt.Errorf("rcptquota is broken: %s", trouble[0]))
	}
	return errors.Join(errs...)
}

func joined(log *servers.LogFile) string { return strings.Join(log.Lines(), "\n") }
