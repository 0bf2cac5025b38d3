package logging

import (
	"os"
	"syscall"
)

// OpenStderr returns standard error for the log. A pipe, terminal or socket there
// becomes non-blocking, for the sake of whatever else writes to it: libraries, and
// the Go runtime, which could not finish a panic if nobody read it. The price is
// that the end of a long stack dump may be lost.
func OpenStderr() *os.File {
	var stat syscall.Stat_t
	if syscall.Fstat(syscall.Stderr, &stat) != nil {
		return os.Stderr
	}
	var fd int
	var err error
	switch stat.Mode & syscall.S_IFMT {
	case syscall.S_IFIFO, syscall.S_IFCHR:
		fd, err = reopenStderr()
	case syscall.S_IFSOCK: // it cannot be opened again; the one from systemd is ours alone
		if err = syscall.SetNonblock(syscall.Stderr, true); err == nil {
			fd, err = syscall.Dup(syscall.Stderr)
			syscall.CloseOnExec(fd)
		}
	default: // a file needs no reader
		return os.Stderr
	}
	if err != nil {
		return os.Stderr // the queue of the log does not block all the same
	}
	return os.NewFile(uintptr(fd), "standard error")
}

// reopenStderr opens the pipe or terminal on standard error again, and puts the new
// descriptor in its place. To set O_NONBLOCK on the old one would set it for the
// other processes that inherited it, too.
func reopenStderr() (int, error) {
	const flags = syscall.O_WRONLY | syscall.O_NONBLOCK | syscall.O_NOCTTY | syscall.O_CLOEXEC
	fd, err := syscall.Open("/proc/self/fd/2", flags, 0)
	if err != nil {
		return 0, err
	}
	if err := syscall.Dup3(fd, syscall.Stderr, 0); err != nil {
		_ = syscall.Close(fd)
		return 0, err
	}
	return fd, nil
}
