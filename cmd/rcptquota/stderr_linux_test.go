package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// Whatever standard error is, mail goes on, signals that are not meant to end the
// program do not, and SIGTERM does.
func TestStandardError(t *testing.T) {
	for name, open := range map[string]func(*testing.T) *os.File{
		"pipe":      unread,
		"fifo":      fifo,
		"socket":    journal,
		"terminal":  terminal,
		"full disk": fullDisk,
		"read only": readOnly,
	} {
		t.Run(name, func(t *testing.T) {
			s := startServe(t, open(t), "")
			s.flood(100)
			for _, signal := range []os.Signal{
				syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGTTOU, syscall.SIGALRM, syscall.SIGWINCH,
			} {
				if err := s.cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
			}
			s.flood(4)
			s.stop()
		})
	}
}

// What waited goes to the next reader of a pipe with a name, in order.
func TestNextReaderOfAFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	first := openFile(t, path, os.O_RDONLY|syscall.O_NONBLOCK)
	s := startServe(t, openFile(t, path, os.O_WRONLY), "")
	if _, err := first.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"Q1", "Q2", "Q3"} {
		s.send(id, "anne")
	}
	log := readInto(t, openFile(t, path, os.O_RDONLY))
	var ids []string
	awaitLine(t, log, `queue_id=Q3`)
	for _, line := range log.Grep(regexp.MustCompile(`^time=.* queue_id=Q. .*elapsed_ms=`)) {
		_, id, _ := strings.Cut(line, " queue_id=")
		ids = append(ids, id[:2])
	}
	if !slices.Equal(ids, []string{"Q1", "Q2", "Q3"}) {
		t.Error(log.Lines())
	}
	s.stop()
}

// With none of the three files that every program has, as after "2>&-".
func TestStandardErrorClosed(t *testing.T) {
	s := startServeBy(t, func(config string) *exec.Cmd {
		return exec.Command("sh", "-c", `exec rcptquota serve --config "$1" <&- >&- 2>&-`, "sh", config)
	}, "")
	s.flood(100)
	s.stop()
}

// The Go runtime's own lines find nobody who reads them, and the program ends all
// the same.
func TestPanicWithoutAReader(t *testing.T) {
	for name, open := range map[string]func(*testing.T) *os.File{
		"pipe": unread, "socket": journal, "terminal": terminal,
	} {
		t.Run(name, func(t *testing.T) {
			s := startServe(t, open(t), "")
			s.flood(100)
			_ = s.signal(syscall.SIGQUIT) // which is a panic from outside
		})
	}
}

// A mistake at the start is told, and ends the program, with a reader and without.
func TestMistakeAtTheStart(t *testing.T) {
	config := filepath.Join(t.TempDir(), "rcptquota.toml")
	if err := os.WriteFile(config, []byte("no_such_key = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "rcptquota", "serve", "--config", config)
	cmd.Stderr = &said
	if err := cmd.Run(); exitCode(err) != exitFailed || !strings.HasPrefix(said.String(), "rcptquota: ") {
		t.Errorf("%v, %q", err, said.String())
	}
	_, writer := smallPipe(t)
	if _, err := writer.Write(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), "rcptquota", "serve", "--config", config)
	cmd.Stderr = writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if exitCode(err) != exitFailed {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		t.Error("it waits for its reader")
	}
}

// What another process has of the same pipe stays as it was.
func TestPipeOfOthersStaysAsItWas(t *testing.T) {
	_, writer := smallPipe(t)
	s := startServe(t, writer, "")
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, writer.Fd(), syscall.F_GETFL, 0)
	if errno != 0 || flags&syscall.O_NONBLOCK != 0 {
		t.Errorf("flags %#x, %v", flags, errno)
	}
	s.stop()
}

func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return 0
}

func openFile(t *testing.T, path string, flag int) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, flag, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// unread is a pipe that nobody reads.
func unread(t *testing.T) *os.File {
	t.Helper()
	_, writer := smallPipe(t)
	return writer
}

func fullDisk(t *testing.T) *os.File {
	t.Helper()
	return openFile(t, "/dev/full", os.O_WRONLY)
}

// readOnly is a file that takes nothing.
func readOnly(t *testing.T) *os.File {
	t.Helper()
	return openFile(t, "/dev/null", os.O_RDONLY)
}

// fifo is a pipe with a name, which nobody reads.
func fifo(t *testing.T) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	openFile(t, path, os.O_RDWR)
	return openFile(t, path, os.O_WRONLY)
}

// journal is a stream, as the journal's, which nobody reads.
func journal(t *testing.T) *os.File {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "journal"), os.NewFile(uintptr(fds[1]), "program")
	t.Cleanup(func() { _ = ours.Close(); _ = theirs.Close() })
	return theirs
}

// terminal is one that nobody reads, as after Ctrl-S.
func terminal(t *testing.T) *os.File {
	t.Helper()
	master := openFile(t, "/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY)
	const unlock, number = 0x40045431, 0x80045430 // TIOCSPTLCK, TIOCGPTN, ioctl_tty(2)
	var n int32
	for _, request := range []uintptr{unlock, number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(&n))); errno != 0 {
			t.Fatal(errno)
		}
	}
	return openFile(t, fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY)
}
