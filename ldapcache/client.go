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

	"github.com/rcptquota/rcptquota/quota/conf"
)

var (
	errClosed   = errors.New("the directory is closed")
	errNoAnswer = errors.New("no answer in time")
)

// attempts is how often a look-up is tried on a connection: once more where the
// first was lost.
const attempts = 2

// client keeps one connection, to the first server that is well, and replaces it
// when it breaks. It is used by many goroutines at once.
type client struct {
	servers      []server
	names        string // of all servers, for errors
	tlsConfig    *tls.Config
	startTLS     bool
	bindDN       string // empty: anonymous
	passwordFile string
	base         string
	timeout      time.Duration // of a look-up, and of a dial

	dialing singleflight.Group
	mending sync.WaitGroup
	done    context.Context // ends when the client is closed
	end     context.CancelFunc

	mu     sync.Mutex
	conn   *connection // nil when there is none
	health []health    // of each server
}

// newClient dials nothing yet.
func newClient(config Config) (*client, error) {
	c := &client{
		names:        strings.Join(config.Servers, ", "),
		startTLS:     config.StartTLS,
		bindDN:       config.BindDN,
		passwordFile: config.BindPasswordFile,
		base:         config.Base,
		timeout:      config.Timeout.Duration,
	}
	for _, url := range config.Servers {
		s, err := parseServer(url)
		if err != nil {
			return nil, err
		}
		c.servers = append(c.servers, s)
	}
	c.health = make([]health, len(c.servers))
	var err error
	if c.tlsConfig, err = conf.TLS(config.CAFile); err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	c.done, c.end = context.WithCancel(context.Background())
	return c, nil
}

// close breaks the connection; what still runs on it fails at once.
func (c *client) close() {
	c.mu.Lock()
	c.end()
	conn := c.conn
	c.mu.Unlock()
	if conn != nil {
		conn.close()
	}
	c.mending.Wait()
	// Joins a dial that runs, and fails those who join in.
	_, _, _ = c.dialing.Do("", func() (any, error) { return nil, errClosed })
}

// do gives work a connection, for as long as the timeout of a look-up. Work
// returns errors of LDAP only; where the connection was lost, it is done again on
// a fresh one. After an error it may still run, to no end. While all servers are
// down, the error comes at once. It names the server.
func (c *client) do(ctx context.Context, work func(*ldap.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	defer context.AfterFunc(c.done, cancel)()
	var faults several
	for range attempts {
		conn, err := c.connected(ctx)
		if err != nil { // every server was tried
			return append(faults, err)
		}
		lost, err := c.try(ctx, conn, work)
		c.release(conn, !lost && !errors.Is(err, errNoAnswer))
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

// answer does work on a connection, and returns what it found.
func answer[T any](ctx context.Context, c *client, work func(*ldap.Conn) (T, error)) (T, error) {
	var result, none T
	err := c.do(ctx, func(conn *ldap.Conn) (err error) {
		result, err = work(conn)
		return err
	})
	if err != nil { // the work may still run
		return none, err
	}
	return result, nil
}

// try does the work on conn. A connection that stays silent is lost, and leaves
// time for another; one that answers others meanwhile is only slow with this work,
// which is given up when ctx ends.
func (c *client) try(ctx context.Context, conn *connection, work func(*ldap.Conn) error) (lost bool, err error) {
	heard := conn.socket.heard.Load()
	// go-ldap takes no context; its own time limit is the same for all.
	var result error
	done := make(chan struct{})
	go func() {
		defer close(done)
		result = work(conn.ldap)
	}()
	noAnswer := conn.server.named(errNoAnswer)
	select {
	case <-done:
	case <-time.After(c.timeout / attempts):
		if conn.socket.heard.Load() == heard {
			c.discard(conn, true, noAnswer)
			<-done // at once, now that the connection is closed
			return true, noAnswer
		}
		select {
		case <-done:
		case <-ctx.Done():
			return false, noAnswer
		}
	case <-ctx.Done():
		return false, noAnswer
	}
	if result == nil {
		return false, nil
	}
	err = conn.server.named(result)
	if lost = isLost(result); lost {
		c.discard(conn, false, err)
	}
	return lost, err
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

// connected acquires the connection in use, or the one that all who need one wait
// for.
func (c *client) connected(ctx context.Context) (*connection, error) {
	if conn := c.acquire(); conn != nil {
		return conn, nil
	}
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w", c.names, errNoAnswer)
	case dialled := <-c.dialing.DoChan("", c.dial):
		if dialled.Err != nil {
			return nil, dialled.Err
		}
	}
	if conn := c.acquire(); conn != nil {
		return conn, nil
	}
	return nil, fmt.Errorf("%s: %w", c.names, errLost)
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
