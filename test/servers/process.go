package servers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Process is a child of the test: a server in the foreground, leader of a
// process group of its own.
type Process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // of Wait; read after done
}

// StartProcess runs a command whose output is added to the file at log. The
// caller ends it.
func StartProcess(log string, command ...string) (*Process, error) {
	return StartCommand(log, exec.Command(command[0], command[1:]...))
}

// StartCommand is StartProcess for a command that needs more than arguments. A
// standard error of its own stays.
func StartCommand(log string, cmd *exec.Cmd) (*Process, error) {
	output, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer output.Close() //nolint:errcheck // the child has its own copy
	cmd.Stdout = output
	if cmd.Stderr == nil {
		cmd.Stderr = output
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s does not start (is it installed?): %w", cmd.Path, err)
	}
	p := &Process{name: cmd.Path, cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Pid is the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Ended reports whether the process has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Signal sends a signal to the process alone. One that has ended is no error.
func (p *Process) Signal(signal os.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

// Freeze stops the process as SIGSTOP does, and returns when each of its threads
// stands still: the signal alone leaves them time for another answer.
func (p *Process) Freeze() error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	if !Wait(p.frozen) {
		return fmt.Errorf("%s does not stand still", p.name)
	}
	return nil
}

// frozen reports whether all threads are in the state T (proc(5)).
func (p *Process) frozen() bool {
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.Pid()))
	if err != nil {
		return false
	}
	return !slices.ContainsFunc(stats, func(path string) bool {
		text, err := os.ReadFile(path)
		_, state, _ := strings.Cut(string(text), ") ")
		return err == nil && !strings.HasPrefix(state, "T")
	})
}

// Exit waits until the process has ended by itself or by a signal, and returns
// how: nil for exit status 0.
func (p *Process) Exit() error {
	select {
	case <-p.done:
		return p.err
	case <-time.After(maxWait):
		return fmt.Errorf("%s is still running after %v", p.name, maxWait)
	}
}

// Stop ends the process: kindly, and after maxWait by force, with
// all of its process group.
func (p *Process) Stop() {
	_ = p.Signal(syscall.SIGTERM)
	_ = p.Exit()
	p.Kill()
}

// Kill ends the process and all of its process group at once.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.Pid(), syscall.SIGKILL)
	<-p.done
}
