package postfix

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
)

// asUser calls f as the user of that name, with the user's groups, in a root and a
// working folder, as a daemon of Postfix runs. Its error is errNotTried if this process
// may not do that.
//
// On Linux these belong to a thread. The one that f runs on is given up afterwards: a
// goroutine that ends without unlocking its thread ends the thread too.
func asUser(name, root, folder string, f func() error) error {
	if os.Geteuid() != 0 {
		return errNotTried
	}
	uid, gid, groups, err := identity(name)
	if err != nil {
		return err
	}
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := become(root, folder, uid, gid, groups); err != nil {
			result <- err
			return
		}
		result <- f()
	}()
	return <-result
}

// identity looks up a user.
func identity(name string) (uid, gid int, groups []uint32, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, nil, fmt.Errorf("mail_owner: %w", err)
	}
	ids, err := u.GroupIds()
	if err != nil {
		return 0, 0, nil, fmt.Errorf("the groups of %s: %w", name, err)
	}
	for _, id := range ids {
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return 0, 0, nil, fmt.Errorf("the groups of %s: %w", name, err)
		}
		groups = append(groups, uint32(n))
	}
	uid, err = strconv.Atoi(u.Uid)
	gid, e := strconv.Atoi(u.Gid)
	return uid, gid, groups, errors.Join(err, e)
}

// become changes this thread alone: the calls of package syscall would change all.
func become(root, folder string, uid, gid int, groups []uint32) error {
	if err := syscall.Unshare(syscall.CLONE_FS); err != nil {
		return errNotTried
	}
	if root != "/" {
		if err := syscall.Chroot(root); err != nil {
			return errors.Join(errNotTried, err)
		}
		folder = "/"
	}
	if err := syscall.Chdir(folder); err != nil {
		return fmt.Errorf("%s: %w", folder, err)
	}
	return setThreadUser(uid, gid, groups)
}
