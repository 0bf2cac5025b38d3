package main

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/test/servers"
)

// served is "rcptquota serve", whose standard error is what the test says.
type served struct {
	t       *testing.T
	address string
	cmd     *exec.Cmd
	ended   chan error
}

// startServe runs the program with a configuration's further lines, and waits
// until it answers.
func startServe(t *testing.T, stderr *os.File, config string) *served {
	t.Helper()
	return startServeBy(t, func(path string) *exec.Cmd {
		cmd := exec.Command("rcptquota", "serve", "--config", path)
		cmd.Stderr = stderr
		return cmd
	}, config)
}

func startServeBy(t *testing.T, command func(path string) *exec.Cmd, config string) *served {
	t.Helper()
	dir := servers.Scratch(t)
	socket := filepath.Join(dir, "s.sock")
	config = fmt.Sprintf("state_dir = %q\n%s\n[[listen]]\naddress = \"unix:%s\"\n", dir, config, socket)
	path := filepath.Join(dir, "rcptquota.toml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, address: "unix:" + socket, ended: make(chan error, 1)}
	s.cmd = command(path)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.cmd.Wait() }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	if !servers.Wait(func() bool { _, err := os.Stat(socket); return err == nil }) {
		t.Fatal("it does not listen")
	}
	return s
}

// send plays a message to its end, as Postfix would, which passes.
func (s *served) send(queueID, login string) {
	probe := milter.Probe{
		Client: netip.MustParseAddr("192.0.2.1"), Login: login, From: "anne@example.org",
		Recipients: []string{"a@example.org"}, QueueID: queueID,
	}
	if reply, err := probe.Run(s.address); err != nil || reply != "" {
		s.t.Errorf("message %s: %q, %v", queueID, reply, err)
	}
}

// senders are how many send at once in a flood.
const senders = 4

// flood sends n messages whose records are of 5 kB.
func (s *served) flood(n int) {
	long := strings.Repeat("x", 5000)
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			for j := range n / senders {
				if s.t.Failed() {
					return
				}
				s.send(fmt.Sprintf("F%d-%d-%s", i, j, long), "anne")
			}
		})
	}
	all.Wait()
}

// signal sends a signal, and returns how the program ended.
func (s *served) signal(signal os.Signal) error {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	select {
	case err := <-s.ended:
		return err
	case <-time.After(20 * time.Second):
		s.t.Fatalf("it is still running after %v", signal)
		return nil
	}
}

// stop ends the program, which must end well.
func (s *served) stop() {
	s.t.Helper()
	if err := s.signal(syscall.SIGTERM); err != nil {
		s.t.Errorf("it ends with %v", err)
	}
}

// smallPipe is a pipe that is full after a page.
func smallPipe(t *testing.T) (reader, writer *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close(); _ = writer.Close() })
	const setPipeSize = 1031 // F_SETPIPE_SZ, fcntl(2)
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, writer.Fd(), setPipeSize, 4096); errno != 0 {
		t.Fatal(errno)
	}
	return reader, writer
}

// A log reader that ends, as "head -n 2" does, ends neither the milter nor mail.
func TestLogReaderEnds(t *testing.T) {
	reader, writer := smallPipe(t)
	s := startServe(t, writer, "")
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(reader).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		s.send(fmt.Sprint("E", i), "anne")
	}
	s.stop()
}

// More records than are kept for a log reader that hangs.
const tooMany = 1200

// A log reader that hangs stops neither mail nor the end of the program.
func TestLogReaderHangs(t *testing.T) {
	_, writer := smallPipe(t)
	s := startServe(t, writer, "")
	s.flood(tooMany)
	s.stop()
}

// Once the reader is back it gets what was kept, in order, how many records are
// missing, once, and then whatever comes.
func TestLogReaderComesBack(t *testing.T) {
	reader, writer := smallPipe(t)
	address := fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))
	s := startServe(t, writer, fmt.Sprintf("http.address = %q", address))
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	s.flood(tooMany)
	_, metrics := servers.Get(t, address, "/metrics")
	log := readInto(t, reader)
	told := awaitLine(t, log, `^time=\S+ level=ERROR msg=log_records_dropped dropped=(\d+)$`)
	s.send("LAST", "anne")
	s.stop()
	awaitLine(t, log, "msg=stopped$")
	lines := log.Lines()
	dropped := slices.Index(lines, told)
	if n := len(log.Grep(regexp.MustCompile("msg=log_records_dropped"))); n != 1 {
		t.Errorf("it is told %d times that records were dropped", n)
	}
	if last := slices.IndexFunc(lines, isRecordOf("LAST")); last < dropped {
		t.Error("the record after the outage is not behind those of it")
	}
	var kept [senders]int
	for _, line := range lines[:dropped] {
		if m := floodRecord.FindStringSubmatch(line); m != nil {
			i := m[1][0] - '0'
			if want := fmt.Sprint(kept[i]); m[2] != want {
				t.Fatalf("record %s of a sender comes in the place of %s", m[2], want)
			}
			kept[i]++
		}
	}
	total := 0
	for _, n := range kept {
		total += n
	}
	if want := fmt.Sprintf(" dropped=%d", tooMany-total); !strings.HasSuffix(told, want) {
		t.Errorf("%s; %d records are there", told, total)
	}
	if want := fmt.Sprintf("\nrcptquota_log_records_dropped_total %d\n", tooMany-total); !strings.Contains(metrics, want) {
		t.Errorf("/metrics lacks %s", want)
	}
}

var floodRecord = regexp.MustCompile(`level=INFO msg=accepted queue_id=F(\d)-(\d+)-x+ sender=.* elapsed_ms=\S+$`)

func isRecordOf(queueID string) func(string) bool {
	return func(line string) bool { return strings.Contains(line, " msg=accepted queue_id="+queueID+" ") }
}

// readInto copies a log's lines into a file.
func readInto(t *testing.T, reader io.Reader) *servers.LogFile {
	t.Helper()
	log := &servers.LogFile{Path: filepath.Join(t.TempDir(), "log")}
	file, err := os.Create(log.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	go func() { _, _ = io.Copy(file, reader) }()
	return log
}

func awaitLine(t *testing.T, log *servers.LogFile, pattern string) string {
	t.Helper()
	found, err := log.Await(regexp.MustCompile(pattern), 1)
	if err != nil {
		t.Fatal(err)
	}
	return found[0]
}
