package failover

import (
	"context"
	"errors"
	"time"
)

// A server that failed is tried again after the first pause, then after pauses
// twice as long each, up to the longest.
const (
	firstPause   = time.Second
	longestPause = 30 * time.Second
)

// errLost is why a connection that was just made cannot be used.
var errLost = errors.New("the connection was lost at once")

// health is the circuit breaker of one server.
type health struct {
	failures int   // since a search was answered
	down     error // why the server is not asked; nil: it is up
}

// pause is how long the server is not asked after so many failures.
func (h health) pause() time.Duration {
	pause := firstPause
	for i := 1; i < h.failures && pause < longestPause; i++ {
		pause *= 2
	}
	return min(pause, longestPause)
}

// failed counts a failure of a server. It takes the server down at once, or with the
// second failure in a row. The caller holds c.mu.
func (c *Client) failed(index int, err error, atOnce bool) {
	h := &c.health[index]
	h.failures++
	switch {
	case h.down != nil:
		h.down = err
	case (atOnce || h.failures > 1) && c.done.Err() == nil:
		h.down = err
		c.reconnecting.Go(func() { c.reconnect(index) })
	}
}

// reconnect tries a server that is down until it answers or c is closed. Nobody else
// tries it, so that no search waits for it.
func (c *Client) reconnect(index int) {
	for {
		c.mu.Lock()
		pause := c.health[index].pause()
		c.mu.Unlock()
		select {
		case <-c.done.Done():
			return
		case <-time.After(pause):
		}
		conn, err := c.tryServer(index)
		if err == nil {
			_ = c.use(conn) // it is closed, or has a better one
			return
		}
		c.mu.Lock()
		c.failed(index, err, true)
		c.mu.Unlock()
	}
}

func (c *Client) tryServer(index int) (*connection, error) {
	ctx, cancel := context.WithTimeout(c.done, c.timeout)
	defer cancel()
	return c.dialServer(ctx, index, 1)
}

// use makes conn the connection in use, unless there is one to a server further in
// front. Searches under way on the one that it replaces go on there.
func (c *Client) use(conn *connection) error {
	c.mu.Lock()
	closed, spare := c.done.Err() != nil, conn
	if !closed {
		c.health[conn.index].down = nil
		if c.conn == nil || c.conn.ldap.IsClosing() || conn.index < c.conn.index {
			c.conn, spare = conn, c.conn
		}
	}
	idle := spare != nil && spare.users == 0
	c.mu.Unlock()
	if idle {
		spare.close()
	}
	if closed {
		return errClosed
	}
	return nil
}

// acquire returns the connection in use, or nil where it is missing or broken.
// The caller releases it.
func (c *Client) acquire() *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil || c.conn.ldap.IsClosing() {
		return nil
	}
	c.conn.users++
	return c.conn
}

// release gives a connection back. An answer ends the server's row of failures.
func (c *Client) release(conn *connection, answered bool) {
	c.mu.Lock()
	if answered {
		c.health[conn.index].failures = 0
	}
	conn.users--
	idle := conn != c.conn && conn.users == 0
	c.mu.Unlock()
	if idle {
		conn.close()
	}
}

// discard closes a connection that failed, and counts the failure once. A server that
// fell silent goes down at once while another one is up.
func (c *Client) discard(conn *connection, silent bool, err error) {
	conn.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == conn {
		c.conn = nil
		up, _ := c.byHealth()
		c.failed(conn.index, err, silent && len(up) > 1)
	}
}

// byHealth returns the servers that are up, in order, and why the others are down.
// The caller holds c.mu.
func (c *Client) byHealth() (up []int, down joined) {
	for i, h := range c.health {
		if h.down == nil {
			up = append(up, i)
		} else {
			down = append(down, h.down)
		}
	}
	return up, down
}
