package milter

import (
	"errors"
	"io/fs"
	"net"
	"strconv"
	"strings"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// ListenConfig is a table [[listen]]: one socket to which Postfix connects.
type ListenConfig struct {
	// Address is "unix:/path", "inet:host:port" or "systemd:NAME", with the
	// FileDescriptorName= of a socket unit.
	Address string `toml:"address"`
	// Role is "submission" (one decision for each message, at DATA) or "inbound" (the
	// MX side: each RCPT is answered for itself, and nothing is counted). Left out:
	// "submission".
	Role string `toml:"role"`
	// Count is "end" or "data": when a message is counted and recorded, at its end or
	// at DATA. "data" is for a service with smtpd_proxy_filter from which rcptquota
	// cannot be moved: see README.md, Content filters. Left out: "end".
	Count string `toml:"count"`
	// Mode is the mode of a unix socket, in octal. Left out: "0660".
	Mode string `toml:"mode"`
	// Group is the group that owns a unix socket. Left out: the process's own.
	Group string `toml:"group"`
}

// DefaultListen returns the sockets of an empty file.
func DefaultListen() []ListenConfig {
	return []ListenConfig{{Address: "inet:127.0.0.1:8891"}}
}

const (
	defaultSocketMode = 0o660
	// maxSocketPath is the longest path of a socket, in bytes (unix(7)), less the
	// ending under which it is made.
	maxSocketPath = 107 - len(unreadyEnding)
)

// MessageRole is the role of the messages that come in.
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

// Validate implements conf.Validator, with keys below the table's own.
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
		errs = append(errs, conf.Errorf("count", "role %q counts nothing; leave this key out", quota.Inbound))
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
