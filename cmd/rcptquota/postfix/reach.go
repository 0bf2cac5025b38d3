package postfix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// dialTimeout is how long a socket may take to accept a connection.
const dialTimeout = 2 * time.Second

// dialling is one address as one kind of service knows it.
type dialling struct {
	address string
	chroot  bool
}

// errNotTried says that a unix socket could not be tried as Postfix's user.
var errNotTried = errors.New("not tried")

// Blocked is a file or folder that Postfix's user may not use.
type Blocked struct {
	Path   string
	Folder bool
	Err    error
}

// Error implements error.
func (b *Blocked) Error() string { return b.Path + ": " + b.Err.Error() }

// Unwrap returns the error of the system.
func (b *Blocked) Unwrap() error { return b.Err }

// reachAll connects to each of our sockets that a service names, as that service would.
func (in *Installation) reachAll(ctx context.Context, w *Wanted) error {
	in.reached = map[dialling]error{}
	in.Tried = true
	for _, s := range in.Services {
		for _, m := range s.Milters {
			if _, found := in.Ours(w, m.Address); !found || s.Program != "smtpd" {
				continue
			}
			d := dialling{m.Address, s.Chroot}
			if _, done := in.reached[d]; done {
				continue
			}
			err := in.dial(ctx, d)
			if errors.Is(err, errNotTried) {
				in.Tried, err = false, nil
			}
			in.reached[d] = err
		}
	}
	return ctx.Err()
}

// dial connects, and sends nothing.
func (in *Installation) dial(ctx context.Context, d dialling) error {
	kind, address, _ := strings.Cut(d.address, ":")
	if kind == "inet" {
		if _, _, err := net.SplitHostPort(address); err != nil {
			address = net.JoinHostPort("localhost", address)
		}
		return connect(ctx, "tcp", address)
	}
	root := "/"
	if d.chroot {
		root = in.Main["queue_directory"]
	}
	return asUser(in.Main["mail_owner"], root, in.Main["queue_directory"], func() error {
		if err := connect(ctx, "unix", address); err != nil {
			return firstBlocked(address, err)
		}
		return nil
	})
}

func connect(ctx context.Context, network, address string) error {
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// firstBlocked names the folder on the way to a socket that may not be entered, or the
// socket itself.
func firstBlocked(path string, err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	for dir := filepath.Dir(path); dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		if _, e := os.Lstat(dir + "/."); e == nil {
			break
		}
		if _, e := os.Lstat(filepath.Dir(dir) + "/."); e == nil {
			return &Blocked{dir, true, err}
		}
	}
	return &Blocked{path, false, err}
}

// ReachError is why a service does not reach our socket by an address.
func (in *Installation) ReachError(s *Service, address string) error {
	if err := in.reached[dialling{address, s.Chroot}]; err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	return nil
}
