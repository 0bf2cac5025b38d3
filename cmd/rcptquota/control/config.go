package control

import (
	"errors"
	"net"
	"path/filepath"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota/conf"
)

const (
	// off is the Socket of a relay without a control socket.
	off = "off"
	// defaultName is the socket's name in state_dir, when the configuration names none.
	defaultName = "control.sock"
)

// Config is the table [control] of the configuration file.
type Config struct {
	// Socket is the path of the socket on which a running rcptquota answers its commands,
	// such as "rcptquota status"; "off": none. Left out: "control.sock" in "state_dir".
	Socket string `toml:"socket"`
	// Mode is the mode of the socket, in octal. Whoever may write to the socket may ask
	// about every sender, and change what commands change. Left out: "0660".
	Mode string `toml:"mode"`
	// Group is the group that owns the socket; rcptquota's user must be in it. Left out:
	// the process's own.
	Group string `toml:"group"`
}

// Path is where the socket is, with the state_dir of the configuration; empty where there
// is none.
func (c *Config) Path(stateDir string) string {
	switch c.Socket {
	case off:
		return ""
	case "":
		return filepath.Join(stateDir, defaultName)
	}
	return c.Socket
}

// Validate implements [conf.Validator].
func (c *Config) Validate() error {
	if c.Socket == off {
		return nil
	}
	var errs []error
	socket := milter.ListenConfig{Address: "unix:/" + defaultName, Mode: c.Mode, Group: c.Group}
	if c.Socket != "" {
		at := milter.ListenConfig{Address: "unix:" + c.Socket}
		if err := at.Validate(); err != nil {
			errs = append(errs, conf.Errorf("socket", `%q is no absolute path of at most 100 characters; write it as in "/run/rcptquota/control.sock", or "off" for none`, c.Socket))
		}
	}
	return conf.Under("control", errors.Join(append(errs, socket.Validate())...))
}

// Listen opens the socket, as a [milter.ListenConfig] does: a socket that nobody listens
// on any more is replaced, and nothing else ever is.
func (c *Config) Listen(stateDir string) (net.Listener, error) {
	socket := milter.ListenConfig{Address: "unix:" + c.Path(stateDir), Mode: c.Mode, Group: c.Group}
	listeners, err := socket.Listen()
	if err != nil {
		return nil, err
	}
	return listeners[0], nil
}

// Permit gives the socket, which is open, the mode and group that c configures.
func (c *Config) Permit(stateDir string) error {
	socket := milter.ListenConfig{Address: "unix:" + c.Path(stateDir), Mode: c.Mode, Group: c.Group}
	return socket.Permit()
}
