package postfix

import (
	"errors"
	"syscall"
	"unsafe"
)

// setThreadUser gives this thread a user and groups, and with them takes its
// capabilities. It cannot be taken back.
func setThreadUser(uid, gid int, groups []uint32) error {
	var first unsafe.Pointer
	if len(groups) > 0 {
		first = unsafe.Pointer(&groups[0]) //nolint:gosec // setgroups(2) takes an array
	}
	steps := [][4]uintptr{
		{syscall.SYS_SETGROUPS, uintptr(len(groups)), uintptr(first), 0},
		{syscall.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid)},
		{syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)},
	}
	for _, s := range steps {
		if _, _, errno := syscall.RawSyscall(s[0], s[1], s[2], s[3]); errno != 0 {
			return errors.Join(errNotTried, errno)
		}
	}
	return nil
}
