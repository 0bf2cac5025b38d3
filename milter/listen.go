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

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// ListenConfig is a table [[listen]]: one socket to which Postfix connects.
type ListenConfig struct {
	// Address is "unix:/path", "inet:host:port" or "systemd:NAME", where NAME is the
	// FileDescriptorName of a socket unit.
	Address string `toml:"address"`
	// Role is the role of the messages: "submission" or "inbound"; empty: submission.
	Role string `toml:"role"`
	// Count is when a message is counted: "end", at its end; or "data", at DATA, for
	// a Postfix that shows no end; empty: end.
	Count string `toml:"count"`
	// Mode of a unix socket in octal; empty: 0660.
	Mode string `toml:"mode"`
	// Group that owns a unix socket; empty: the process's own.
	Group string `toml:"group"`
}

// DefaultListen returns the sockets of an empty file.
func DefaultListen() []ListenConfig {
	return []ListenConfig{{Address: "inet:127.0.0.1:8891"}}
}

const (
	defaultSocketMode = 0o660
	// maxSocketPath is the longest path of a socket, in bytes (unix(7)), without the
	// ending under which it is created.
	maxSocketPath = 107 - len(unreadyEnding)
	unreadyEnding = ".new"
	// staleDialTimeout is how long the server of an existing socket file may take to
	// answer.
	staleDialTimeout = time.Second
)

// MessageRole is the role of the messages. For an invalid word it is submission.
func (c *ListenConfig) MessageRole() (role quota.Role) {
	if role.UnmarshalText([]byte(c.Role)) != nil {
		return quota.Submission
	}
	return role
}

// The values of Count.
const (
	countAtEnd  = "end"
	countAtData = "data"
)

// CountsAtData reports whether a message is counted, and its record written, at
// DATA, because Postfix shows neither its header nor its end.
func (c *ListenConfig) CountsAtData() bool {
	return c.Count == countAtData && c.MessageRole() == quota.Submission
}

// Validate implements [conf.Validator]; the keys are relative to the table.
func (c *ListenConfig) Validate() error {
	scheme, rest, _ := strings.Cut(c.Address, ":")
	errs := []error{c.validateAddress(scheme, rest)}
	if err := new(quota.Role).UnmarshalText([]byte(c.Role)); err != nil {
		errs = append(errs, conf.Errorf("role", "%v", err))
	}
	switch {
	case c.Count != "" && c.Count != countAtEnd && c.Count != countAtData:
		errs = append(errs, conf.Errorf("count", "%q is not known; write %q or %q", c.Count, countAtEnd, countAtData))
	case c.Count == countAtData && !c.CountsAtData():
		errs = append(errs, conf.Errorf("count", "in role %q nothing is counted; leave it out", quota.Inbound))
	}
	if _, err := c.mode(); err != nil {
		errs = append(errs, conf.Errorf("mode", `%q is no mode; write it in octal, as in "0660"`, c.Mode))
	}
	if scheme != "unix" && c.Mode != "" {
		errs = append(errs, conf.Errorf("mode", "only a unix socket has a mode; leave it out"))
	}
	if scheme != "unix" && c.Group != "" {
		errs = append(errs, conf.Errorf("group", "only a unix socket has a group; leave it out"))
	} else if _, err := c.gid(); err != nil {
		errs = append(errs, conf.Errorf("group", "%v; write a group of this machine", err))
	}
	return errors.Join(errs...)
}

func (c *ListenConfig) validateAddress(scheme, rest string) error {
	switch scheme {
	case "unix":
		if !strings.HasPrefix(rest, "/") {
			return conf.Errorf("address", `%q is no absolute path; write it as in "unix:/run/rcptquota/submission.sock"`, rest)
		}
		if len(rest) > maxSocketPath {
			return conf.Errorf("address", "a path of %d characters; that of a socket has at most %d", len(rest), maxSocketPath)
		}
	case "inet":
		host, port, err := net.SplitHostPort(rest)
		if n, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil || n == 0 || host == "" {
			return conf.Errorf("address", `%q is no host and port; write it as in "inet:127.0.0.1:8891"`, rest)
		}
	case "systemd":
		if rest == "" {
			return conf.Errorf("address", `no name; write it as in "systemd:submission", the FileDescriptorName= of the socket unit`)
		}
	default:
		return conf.Errorf("address", `%q is no address; write "unix:/path", "inet:host:port" or "systemd:NAME"`, c.Address)
	}
	return nil
}

func (c *ListenConfig) mode() (fs.FileMode, error) {
	if c.Mode == "" {
		return defaultSocketMode, nil
	}
	mode, err := strconv.ParseUint(c.Mode, 8, 9)
	return fs.FileMode(mode), err
}

// Listen opens the socket, or takes it from systemd, which may have several with one
// name (sd_listen_fds(3)).
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

// listenUnix creates the socket under another name and renames it once it has its group
// and mode, so that Postfix never finds a socket that it may not use.
func (c *ListenConfig) listenUnix(path string) (net.Listener, error) {
	unready := path + unreadyEnding
	for _, p := range []string{path, unready} {
		if err := mayReplace(p); err != nil {
			return nil, err
		}
	}
	_ = os.Remove(unready) // left by a killed process; if it cannot be removed, listening fails
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
	return &unixListener{Listener: ln, path: path}, nil
}

// unixListener removes its socket file when it is closed.
type unixListener struct {
	net.Listener
	path string
	once sync.Once
}

// Close implements [net.Listener].
func (l *unixListener) Close() error {
	l.once.Do(func() { _ = os.Remove(l.path) })
	return l.Listener.Close()
}

// mayReplace returns an error if there is something at path other than a socket, or a
// socket on which a process listens.
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

// gid is the number of the group, or -1 when none is configured.
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

// activated returns the sockets passed by systemd, which can be taken only once.
var activated = sync.OnceValues(activation.ListenersWithNames)

// CheckInherited returns an error if systemd passed a socket that none of configs names:
// the kernel would accept Postfix's connections, and nobody would answer them.
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
