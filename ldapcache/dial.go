package ldapcache

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"

	"github.com/go-ldap/ldap/v3"
)

// connection is a connection to one server, bound and ready for searches.
type connection struct {
	ldap   *ldap.Conn
	socket *attentive
	server server
	index  int // of the server
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

// dial connects to the first server that answers, each having an equal part of
// the time left.
func (c *client) dial() (*connection, error) {
	ctx, cancel := context.WithTimeout(c.done, c.timeout)
	defer cancel()
	c.mu.Lock()
	first := c.first
	c.mu.Unlock()
	var faults several
	for i := range c.servers {
		index := (first + i) % len(c.servers)
		conn, err := c.dialServer(ctx, index, len(c.servers)-i)
		if err == nil {
			return c.keep(conn)
		}
		faults = append(faults, fmt.Errorf("%s: %w", c.servers[index].url, err))
	}
	return nil, faults
}

// keep makes conn the connection in use.
func (c *client) keep(conn *connection) (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done.Err() != nil {
		conn.close()
		return nil, errClosed
	}
	c.conn = conn
	return conn, nil
}

func (c *client) dialServer(ctx context.Context, index, parts int) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, share(ctx, parts))
	defer cancel()
	s := c.servers[index]
	dialled, err := new(net.Dialer).DialContext(ctx, s.network, s.address)
	if err != nil {
		return nil, err
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
		return nil, err
	}
	conn.SetTimeout(2 * c.timeout) // for what is never answered, when nobody has waited for long
	return &connection{ldap: conn, socket: socket, server: s, index: index}, nil
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
	if c.bindDN == "" {
		return nil
	}
	return c.bind(conn)
}

// bind proves who asks (RFC 4513 section 5.1.3). The password is read each time,
// so that a new one needs no restart.
func (c *client) bind(conn *ldap.Conn) error {
	password, err := readPassword(c.passwordFile)
	if err != nil {
		return fmt.Errorf("bind_password_file: %w", err)
	}
	if err := conn.Bind(c.bindDN, password); err != nil {
		return fmt.Errorf("bind as %q: %w", c.bindDN, err)
	}
	return nil
}

// readPassword reads what a file holds before the end of its last line. To bind
// with an empty password would be to bind as nobody (RFC 4513 section 5.1.2).
func readPassword(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	password := strings.TrimRight(string(data), "\r\n")
	if password == "" {
		return "", fmt.Errorf("%s holds no password", file)
	}
	return password, nil
}

// authorities reads the certificates in a PEM file; nil, for no file, means the
// system's.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return pool, nil
}
