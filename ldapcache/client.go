package ldapcache

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/singleflight"
)

var (
	errClosed   = errors.New("the directory is closed")
	errNoAnswer = errors.New("no answer in time")
)

// attempts is how often a look-up is tried on a connection: once more where the
// first was lost.
const attempts = 2

// client keeps one connection to the first server that answers, and replaces it
// when it breaks. It is used by many goroutines at once.
type client struct {
	servers      []server
	names        string // of all servers, for errors
	tlsConfig    *tls.Config
	startTLS     bool
	bindDN       string // empty: anonymous
	passwordFile string
	timeout      time.Duration // of a look-up, and of a dial

	dialing singleflight.Group
	done    context.Context // ends when the client is closed
	end     context.CancelFunc

	mu    sync.Mutex
	conn  *connection // nil when there is none
	first int         // the server to try first: not the one that fell silent
}

// newClient dials nothing yet.
func newClient(config Config) (*client, error) {
	c := &client{
		names:        strings.Join(config.Servers, ", "),
		startTLS:     config.StartTLS,
		bindDN:       config.BindDN,
		passwordFile: config.BindPasswordFile,
		timeout:      config.Timeout.Duration,
	}
	for _, url := range config.Servers {
		s, err := parseServer(url)
		if err != nil {
			return nil, err
		}
		c.servers = append(c.servers, s)
	}
	roots, err := authorities(config.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	c.tlsConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	c.done, c.end = context.WithCancel(context.Background())
	return c, nil
}

// Close breaks the connection; what still runs on it fails at once.
func (c *client) Close() error {
	c.end()
	// Joins a dial that runs, and fails those who join in.
	_, _, _ = c.dialing.Do("", func() (any, error) { return nil, errClosed })
	if conn := c.current(); conn != nil {
		conn.close()
	}
	return nil
}

// do gives work a connection, for as long as the timeout of a look-up. Work
// returns errors of LDAP only; where the connection was lost, it is done again on
// a fresh one. After an error it may still run, to no end. The error names the
// server.
func (c *client) do(ctx context.Context, work func(*ldap.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var faults several
	for left := attempts; left > 0; left-- {
		conn, err := c.connected(ctx)
		if err != nil { // every server was tried
			return append(faults, err)
		}
		lost, err := c.try(ctx, conn, left, work)
		if !lost {
			return err
		}
		faults = append(faults, err)
		if ctx.Err() != nil {
			break
		}
	}
	return faults
}

// try does the work on conn. A connection that falls silent is lost, and leaves
// time for another; one that answers others meanwhile is only slow with this work,
// which is given up when ctx ends.
func (c *client) try(ctx context.Context, conn *connection, left int, work func(*ldap.Conn) error) (lost bool, err error) {
	heard := conn.socket.heard.Load()
	patience, cancel := context.WithTimeout(ctx, share(ctx, left))
	defer cancel()
	// go-ldap takes no context; its own time limit is the same for all.
	var result error
	done := make(chan struct{})
	go func() {
		defer close(done)
		result = work(conn.ldap)
	}()
	named := func(err error) error { return fmt.Errorf("%s: %w", conn.server.url, err) }
	select {
	case <-done:
	case <-patience.Done():
		if conn.socket.heard.Load() == heard {
			c.discard(conn, true)
			<-done // at once, now that the connection is closed
			return true, named(errNoAnswer)
		}
		select {
		case <-done:
		case <-ctx.Done():
			return false, named(errNoAnswer)
		}
	}
	if result == nil {
		return false, nil
	}
	if lost = isLost(result); lost {
		c.discard(conn, false)
	}
	return lost, named(result)
}

// share is an equal part of the time left until ctx, which has a deadline, ends.
func share(ctx context.Context, parts int) time.Duration {
	deadline, _ := ctx.Deadline()
	return time.Until(deadline) / time.Duration(parts)
}

// isLost tells a failed connection, or a server that leaves, from an answer. A
// server that is busy answers others.
func isLost(err error) bool {
	if _, decoded := errors.AsType[*ldap.Error](err); !decoded {
		return true
	}
	return ldap.IsErrorAnyOf(err, ldap.LDAPResultUnavailable,
		ldap.ErrorNetwork, ldap.ErrorUnexpectedMessage, ldap.ErrorUnexpectedResponse)
}

// current returns the connection in use, or nil where it is missing or broken.
func (c *client) current() *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil || c.conn.ldap.IsClosing() {
		return nil
	}
	return c.conn
}

// connected returns the connection in use, or the one that all who need one wait
// for.
func (c *client) connected(ctx context.Context) (*connection, error) {
	if conn := c.current(); conn != nil {
		return conn, nil
	}
	dialled := c.dialing.DoChan("", func() (any, error) {
		if conn := c.current(); conn != nil { // dialled since
			return conn, nil
		}
		return c.dial()
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w", c.names, errNoAnswer)
	case result := <-dialled:
		conn, _ := result.Val.(*connection)
		return conn, result.Err
	}
}

// discard closes conn, and forgets it if it is still in use.
func (c *client) discard(conn *connection, silent bool) {
	conn.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != conn {
		return
	}
	c.conn = nil
	if silent {
		c.first = (conn.index + 1) % len(c.servers)
	}
}

// several tells errors in one line.
type several []error

func (s several) Error() string {
	texts := make([]string, len(s))
	for i, err := range s {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (s several) Unwrap() []error { return s }
