package ldapcache

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// connection is a connection to one server, bound and ready for searches.
type connection struct {
	ldap   *ldap.Conn
	socket *attentive
	server server
	index  int // of the server
	users  int // look-ups under way; guarded by client.mu
}

// attentive is a socket that notices when the server says anything.
type attentive struct {
	net.Conn
	heard atomic.Uint64 // how often
}

func (a *attentive) Read(b []byte) (int, error) {
	n, err := a.Conn.Read(b)
	if n > 0 {
		a.heard.Add(1)
	}
	return n, err
}

// close ends what waits on the connection. The socket goes first: go-ldap waits
// for a write that is under way, and a silent server may block it for ever.
func (c *connection) close() {
	_ = c.socket.Close()
	_ = c.ldap.Close()
}

// dial makes a connection to the first server that answers the one in use; those
// that are not down have equal parts of the time. It gives no value.
func (c *client) dial() (any, error) {
	c.mu.Lock()
	connected := c.conn != nil && !c.conn.ldap.IsClosing() // since the dial was asked for
	up, faults := c.triage()
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

// dialServer takes at most its part of the time left. The error names the server.
func (c *client) dialServer(ctx context.Context, index, parts int) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, share(ctx, parts))
	defer cancel()
	s := c.servers[index]
	dialled, err := new(net.Dialer).DialContext(ctx, s.network, s.address)
	if err != nil {
		return nil, s.named(err)
	}
	socket := &attentive{Conn: dialled}
	// Neither StartTLS nor a bind takes a context; a closed socket ends them.
	stop := context.AfterFunc(ctx, func() { _ = socket.Close() })
	conn, err := c.greet(ctx, s, socket)
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

// greet brings a connected socket to where it can be searched on.
func (c *client) greet(ctx context.Context, s server, socket net.Conn) (*ldap.Conn, error) {
	config := c.tlsConfig.Clone()
	config.ServerName = s.host
	if s.tls {
		secure := tls.Client(socket, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		socket = secure
	}
	conn := ldap.NewConn(socket, s.tls)
	conn.Start()
	if err := c.authenticate(conn, config); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func (c *client) authenticate(conn *ldap.Conn, config *tls.Config) error {
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
	return c.prove(conn)
}

// prove has the server answer a search, with whatever result: for one that is
// frozen, its kernel accepts connections all the same.
func (c *client) prove(conn *ldap.Conn) error {
	_, err := conn.Search(ldap.NewSearchRequest(c.base, ldap.ScopeBaseObject, ldap.NeverDerefAliases,
		1, 0, false, "(objectClass=*)", []string{noAttributes}, nil))
	if err != nil && isLost(err) {
		return err
	}
	return nil
}

// bind proves who asks (RFC 4513 section 5.1.3). The password is read each time,
// so that a new one needs no restart.
func (c *client) bind(conn *ldap.Conn) error {
	password, err := conf.ReadPassword(c.passwordFile)
	if err != nil {
		return fmt.Errorf("bind_password_file: %w", err)
	}
	if err := conn.Bind(c.bindDN, password); err != nil {
		return fmt.Errorf("bind as %q: %w", c.bindDN, err)
	}
	return nil
}
