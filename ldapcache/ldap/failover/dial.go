package failover

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota/conf/credential"
)

// connection is a connection to one server, bound and ready for searches.
type connection struct {
	ldap   *goldap.Conn
	socket *countingSocket
	server server
	index  int // of the server
	users  int // look-ups under way; guarded by client.mu
}

// countingSocket counts how often the server sends anything.
type countingSocket struct {
	net.Conn
	reads atomic.Uint64
}

func (s *countingSocket) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if n > 0 {
		s.reads.Add(1)
	}
	return n, err
}

// close ends what waits on the connection. The socket goes first: go-ldap waits
// for a write that is under way, and a silent server may block it for ever.
func (c *connection) close() {
	_ = c.socket.Close()
	_ = c.ldap.Close()
}

// dial connects to the first server that answers, and uses that connection. The
// servers that are up have equal parts of the time. Its value is always nil, as
// singleflight wants one.
func (c *Client) dial() (any, error) {
	c.mu.Lock()
	connected := c.conn != nil && !c.conn.ldap.IsClosing() // since the dial was asked for
	up, faults := c.byHealth()
	c.mu.Unlock()
	if connected {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(c.done, c.timeout)
	defer cancel()
	for i, index := range up {
		conn, err := c.dialServer(ctx, index, len(up)-i)
		if err == nil {
			return nil, c.use(conn)
		}
		faults = append(faults, err)
		c.mu.Lock()
		c.failed(index, err, true)
		c.mu.Unlock()
	}
	return nil, faults
}

// dialServer connects to one server within its part of the time left. The error names
// the server.
func (c *Client) dialServer(ctx context.Context, index, parts int) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, share(ctx, parts))
	defer cancel()
	s := c.servers[index]
	dialled, err := new(net.Dialer).DialContext(ctx, s.network, s.address)
	if err != nil {
		return nil, s.named(err)
	}
	socket := &countingSocket{Conn: dialled}
	// Neither StartTLS nor a bind takes a context; a closed socket ends them.
	stop := context.AfterFunc(ctx, func() { _ = socket.Close() })
	conn, err := c.secure(ctx, s, socket)
	if !stop() {
		err = errNoAnswer
	}
	if err != nil {
		_ = socket.Close()
		return nil, s.named(err)
	}
	conn.SetTimeout(2 * c.timeout) // for what is never answered, when nobody has waited for long
	return &connection{ldap: conn, socket: socket, server: s, index: index}, nil
}

// share is an equal part of the time left until ctx, which has a deadline, ends.
func share(ctx context.Context, parts int) time.Duration {
	deadline, _ := ctx.Deadline()
	return time.Until(deadline) / time.Duration(parts)
}

// secure makes a connection that can be searched on of a socket.
func (c *Client) secure(ctx context.Context, s server, socket net.Conn) (*goldap.Conn, error) {
	config := c.tlsConfig.Clone()
	config.ServerName = s.host
	if s.tls {
		encrypted := tls.Client(socket, config)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		socket = encrypted
	}
	conn := goldap.NewConn(socket, s.tls)
	conn.Start()
	if err := c.authenticate(conn, config); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func (c *Client) authenticate(conn *goldap.Conn, config *tls.Config) error {
	if c.startTLS {
		if err := conn.StartTLS(config); err != nil {
			return fmt.Errorf("StartTLS: %w", err)
		}
	}
	if c.bindDN != "" {
		if err := c.bind(conn); err != nil {
			return err
		}
	}
	return c.trySearch(conn)
}

// trySearch makes sure that the server answers a search, with any result: the kernel
// accepts connections for a frozen server, too.
func (c *Client) trySearch(conn *goldap.Conn) error {
	_, err := conn.Search(goldap.NewSearchRequest(c.base, goldap.ScopeBaseObject, goldap.NeverDerefAliases,
		1, 0, false, "(objectClass=*)", []string{"1.1"}, nil)) // no attributes: RFC 4511 section 4.5.1.8
	if err != nil && isLost(err) {
		return err
	}
	return nil
}

// bind authenticates (RFC 4513 section 5.1.3). The password is read each time, so that
// a new one needs no restart.
func (c *Client) bind(conn *goldap.Conn) error {
	password, err := credential.ReadPassword(c.passwordFile)
	if err != nil {
		return fmt.Errorf("bind_password_file: %w", err)
	}
	if err := conn.Bind(c.bindDN, password); err != nil {
		return fmt.Errorf("bind as %q: %w", c.bindDN, err)
	}
	return nil
}
