package milter

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
)

const (
	// unreadyEnding is added to a socket's name until it has its owner and mode.
	unreadyEnding = ".new"
	// staleDialTimeout is how long a socket file's server may take to show that
	// it lives.
	staleDialTimeout = time.Second
)

// Listen opens the socket, or takes it from systemd, which may have several of
// one name (sd_listen_fds(3)).
func (c *ListenConfig) Listen() ([]net.Listener, error) {
	scheme, rest, _ := strings.Cut(c.Address, ":")
	var listeners []net.Listener
	var err error
	switch scheme {
	case "unix":
		listeners, err = one(c.listenUnix(rest))
	case "inet":
		listeners, err = one(net.Listen("tcp", rest))
	case "systemd":
		listeners, err = inherited(rest)
	default:
		err = errors.New("unknown kind of address")
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", c.Address, err)
	}
	return listeners, nil
}

func one(ln net.Listener, err error) ([]net.Listener, error) {
	return []net.Listener{ln}, err
}

// listenUnix makes the socket under another name, and moves it to its own once
// it has its owner and mode: Postfix never finds one that it may not use.
func (c *ListenConfig) listenUnix(path string) (net.Listener, error) {
	unready := path + unreadyEnding
	for _, p := range []string{path, unready} {
		if err := mayReplace(p); err != nil {
			return nil, err
		}
	}
	_ = os.Remove(unready) // what a killed process left; if it stays, listening fails
	ln, err := net.Listen("unix", unready)
	if err != nil {
		return nil, err
	}
	err = c.permit(unready)
	if err == nil {
		err = os.Rename(unready, path)
	}
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	return &unixListener{UnixListener: ln.(*net.UnixListener), path: path}, nil
}

// unixListener removes its socket file when it is closed.
type unixListener struct {
	*net.UnixListener
	path string
	once sync.Once
}

// Close implements [net.Listener].
func (l *unixListener) Close() error {
	l.remove()
	return l.UnixListener.Close()
}

// remove removes the socket file, once: another listener may have one there later.
func (l *unixListener) remove() { l.once.Do(func() { _ = os.Remove(l.path) }) }

// mayReplace returns an error if there is something at path that is not a
// socket, or is one that somebody listens on.
func mayReplace(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is there already, and is no socket", path)
	}
	conn, err := net.DialTimeout("unix", path, staleDialTimeout)
	if err == nil {
		_ = conn.Close()
		return errors.New("another process listens there")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return nil
}

// Permit gives the unix socket of c, which is open, its mode and group; another kind of
// socket has none.
func (c *ListenConfig) Permit() error {
	path, unix := strings.CutPrefix(c.Address, "unix:")
	if !unix {
		return nil
	}
	return c.permit(path)
}

func (c *ListenConfig) permit(path string) error {
	mode, err := c.mode()
	if err != nil {
		return err
	}
	gid, err := c.gid()
	if err != nil {
		return err
	}
	if err := os.Chown(path, -1, gid); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

// gid is the number of the group, -1 when none is configured.
func (c *ListenConfig) gid() (int, error) {
	if c.Group == "" {
		return -1, nil
	}
	group, err := user.LookupGroup(c.Group)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(group.Gid)
}

// activated are the sockets that systemd handed over; they can be taken once.
var activated = sync.OnceValues(activation.ListenersWithNames)

// CheckInherited returns an error if systemd handed over a socket that none of
// configs names: the kernel would accept Postfix's connections, and nobody
// would answer them.
func CheckInherited(configs []ListenConfig) error {
	all, err := activated()
	if err != nil {
		return err
	}
	for name := range all {
		named := func(c ListenConfig) bool { return c.Address == "systemd:"+name }
		if !slices.ContainsFunc(configs, named) {
			return fmt.Errorf("systemd passed a socket named %q, and no [[listen]] has the address \"systemd:%s\"", name, name)
		}
	}
	return nil
}

func inherited(name string) ([]net.Listener, error) {
	all, err := activated()
	if err != nil {
		return nil, err
	}
	if len(all[name]) == 0 {
		return nil, fmt.Errorf("systemd passed no socket named %q", name)
	}
	return all[name], nil
}
