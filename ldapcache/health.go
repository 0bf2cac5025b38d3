package ldapcache

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

// health is what the last look-ups said of one server: its circuit breaker.
type health struct {
	failures int   // since a look-up was answered
	down     error // why the server is not asked; nil: it is
}

// pause is how long the server is left alone after so many failures.
func (h health) pause() time.Duration {
	pause := firstPause
	for i := 1; i < h.failures && pause < longestPause; i++ {
		pause *= 2
	}
	return min(pause, longestPause)
}

// failed counts a failure of a server, and stops asking it when it is dead or has
// failed before. The caller holds c.mu.
func (c *client) failed(index int, err error, dead bool) {
	h := &c.health[index]
	h.failures++
	switch {
	case h.down != nil:
		h.down = err
	case (dead || h.failures > 1) && c.done.Err() == nil:
		h.down = err
		c.mending.Go(func() { c.mend(index) })
	}
}

// mend connects to a server that is down, as soon as it answers, and until c is
// closed. It is the only one to try, so that no look-up waits for the server.
func (c *client) mend(index int) {
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

func (c *client) tryServer(index int) (*connection, error) {
	ctx, cancel := context.WithTimeout(c.done, c.timeout)
	defer cancel()
	return c.dialServer(ctx, index, 1)
}

// use makes conn the connection in use, unless there is one to a server further in
// front. Searches under way on the one that it replaces go on there.
func (c *client) use(conn *connection) error {
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
func (c *client) acquire() *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil || c.conn.ldap.IsClosing() {
		return nil
	}
	c.conn.users++
	return c.conn
}

// release gives a connection back. A server that answered is well.
func (c *client) release(conn *connection, answered bool) {
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

// discard closes a connection that failed, and counts that against its server if
// nobody has done so. One that fell silent is not asked again while there is
// another server.
func (c *client) discard(conn *connection, silent bool, err error) {
	conn.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == conn {
		c.conn = nil
		up, _ := c.triage()
		c.failed(conn.index, err, silent && len(up) > 1)
	}
}

// triage tells which servers may be asked, in order, and why the others may not.
// The caller holds c.mu.
func (c *client) triage() (up []int, down several) {
	for i, h := range c.health {
		if h.down == nil {
			up = append(up, i)
		} else {
			down = append(down, h.down)
		}
	}
	return up, down
}
