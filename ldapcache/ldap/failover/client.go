package failover

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/singleflight"

	"github.com/rcptquota/rcptquota/quota/conf/credential"
)

var (
	errClosed   = errors.New("the connection is closed")
	errNoAnswer = errors.New("no answer in time")
)

// attempts is how often a look-up is tried on a connection: once more where the
// first was lost.
const attempts = 2

// Client keeps one connection, to the first server that is up, and replaces it when
// it breaks. It is used by many goroutines at once.
type Client struct {
	servers      []server
	names        string // of all servers, for errors
	tlsConfig    *tls.Config
	startTLS     bool
	bindDN       string // empty: anonymous
	passwordFile string
	base         string
	timeout      time.Duration // of a look-up, and of a dial

	dialing      singleflight.Group
	reconnecting sync.WaitGroup
	done         context.Context // ends when the client is closed
	end          context.CancelFunc

	mu     sync.Mutex
	conn   *connection // nil when there is none
	health []health    // of each server
}

// New returns a client of the servers of a valid configuration. It connects when it
// is first used.
func New(config Config) (*Client, error) {
	c := &Client{
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
	if c.tlsConfig, err = credential.TLS(config.CAFile); err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	c.done, c.end = context.WithCancel(context.Background())
	return c, nil
}

// Close closes the connection. Searches that still run on it fail at once.
func (c *Client) Close() {
	c.mu.Lock()
	c.end()
	conn := c.conn
	c.mu.Unlock()
	if conn != nil {
		conn.close()
	}
	c.reconnecting.Wait()
	// Joins a dial that runs, and fails those who join in.
	_, _, _ = c.dialing.Do("", func() (any, error) { return nil, errClosed })
}

// Do calls work with a connection, and ends after the timeout at the latest. Work
// returns errors of LDAP only. Where the connection was lost, Do calls it again with
// a new connection. After an error, work may still run; its results are not used.
// While all servers are down, Do fails at once. The error names the server.
func (c *Client) Do(ctx context.Context, work func(*goldap.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	defer context.AfterFunc(c.done, cancel)()
	var faults joined
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

// Answer is [Client.Do] for work that has a result.
func Answer[T any](ctx context.Context, c *Client, work func(*goldap.Conn) (T, error)) (T, error) {
	var result, none T
	err := c.Do(ctx, func(conn *goldap.Conn) (err error) {
		result, err = work(conn)
		return err
	})
	if err != nil { // the work may still run
		return none, err
	}
	return result, nil
}

// try calls work with conn. A connection that stays silent is lost after half of the
// time, which leaves time for another. One that answers other searches meanwhile is
// only slow with this work, which is given up when ctx ends.
func (c *Client) try(ctx context.Context, conn *connection, work func(*goldap.Conn) error) (lost bool, err error) {
	reads := conn.socket.reads.Load()
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
		if conn.socket.reads.Load() == reads {
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
	if _, decoded := errors.AsType[*goldap.Error](err); !decoded {
		return true
	}
	return goldap.IsErrorAnyOf(err, goldap.LDAPResultUnavailable,
		goldap.ErrorNetwork, goldap.ErrorUnexpectedMessage, goldap.ErrorUnexpectedResponse)
}

// connected acquires the connection in use. Where there is none, all who need one
// wait for the same dial.
func (c *Client) connected(ctx context.Context) (*connection, error) {
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

// joined are errors, told in one line.
type joined []error

func (j joined) Error() string {
	texts := make([]string, len(j))
	for i, err := range j {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (j joined) Unwrap() []error { return j }

// ServerStats is the state of one server.
type ServerStats struct {
	// URL is as configured.
	URL string
	// Up is false from a failure on until the server has answered again; in
	// between no search waits for it.
	Up bool
	// InUse reports whether searches go to this server.
	InUse bool
}

// Servers tells the state of each server, in the order of the configuration.
func (c *Client) Servers() []ServerStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]ServerStats, len(c.servers))
	for i, s := range c.servers {
		all[i] = ServerStats{URL: s.url, Up: c.health[i].down == nil, InUse: c.conn != nil && c.conn.index == i}
	}
	return all
}
