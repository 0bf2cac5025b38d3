package main

import (
	"os"
	"syscall"
)

// openStderr returns standard error for the log. Where a write to it could wait
// for a reader, it makes it one on which none does, for whatever else is written
// there: by the Go runtime, which would never come to the end of a panic, and by
// libraries. A dump of hundreds of goroutines may lose its end for it.
func openStderr() *os.File {
	var stat syscall.Stat_t
	if syscall.Fstat(syscall.Stderr, &stat) != nil {
		return os.Stderr
	}
	var fd int
	var err error
	switch stat.Mode & syscall.S_IFMT {
	case syscall.S_IFIFO, syscall.S_IFCHR:
		fd, err = reopenStderr()
	case syscall.S_IFSOCK: // which cannot be opened anew; systemd's is ours alone
		if err = syscall.SetNonblock(syscall.Stderr, true); err == nil {
			fd, err = syscall.Dup(syscall.Stderr)
			syscall.CloseOnExec(fd)
		}
	default: // no file waits for a reader
		return os.Stderr
	}
	if err != nil {
		return os.Stderr // as good as it goes: the log's queue does not wait
	}
	return os.NewFile(uintptr(fd), "standard error")
}

// reopenStderr opens the pipe or terminal on standard error once more, and puts
// that in its place: O_NONBLOCK would otherwise hold for the other processes, too,
// that have it from the same parent.
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
