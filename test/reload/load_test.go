//go:build servers

package reload

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/servers"
)

// patience bounds every exchange with Postfix.
const patience = 60 * time.Second

// load is mail from several clients at once, and what became of it.
type load struct {
	t       *testing.T
	address string
	random  *rand.Rand

	mu        sync.Mutex
	committed map[string]int // recipients of messages that went, by login
	went      int            // messages
	refused   int            // as they should be
	givenUp   int
}

var logins = []string{"anne", "bruno", "chloe"}

// run keeps clients sending until ctx ends.
func (l *load) run(ctx context.Context, clients int) {
	var all sync.WaitGroup
	for range clients {
		random := random.Split(l.random)
		all.Go(func() {
			for ctx.Err() == nil {
				if err := l.session(ctx, random); err != nil {
					l.t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// session is one connection, which lasts for some messages.
func (l *load) session(ctx context.Context, random *rand.Rand) error {
	login := logins[random.IntN(len(logins))]
	c, err := dial(l.address, login)
	if err != nil {
		return err
	}
	defer c.conn.Close() //nolint:errcheck // everything was answered
	for range 1 + random.IntN(30) {
		if ctx.Err() != nil {
			return c.say("QUIT", 221)
		}
		dropped, err := l.message(c, random)
		if err != nil || dropped {
			return err
		}
	}
	return c.say("QUIT", 221)
}

// message sends one message, slowly enough that reloads meet it under way. Some have too
// many recipients, some are given up.
func (l *load) message(c *client, random *rand.Rand) (dropped bool, err error) {
	n, kind := 1+random.IntN(mostRecipients), random.IntN(20)
	if kind == 0 {
		n = tooMany
	}
	if err := c.say("MAIL FROM:<"+c.login+"@example.org>", 250); err != nil {
		return false, err
	}
	for i := range n {
		if err := c.say(fmt.Sprintf("RCPT TO:<r%d@example.org>", i), 250); err != nil {
			return false, err
		}
	}
	pause(random, 10*time.Millisecond)
	switch kind {
	case 0: // too many
		l.note(&l.refused)
		return false, errors.Join(c.say("DATA", 550), c.say("RSET", 250))
	case 1: // given up before the decision
		return false, c.say("RSET", 250)
	}
	if err := c.say("DATA", 354); err != nil {
		return false, err
	}
	pause(random, 30*time.Millisecond)
	if kind == 2 { // given up after it
		l.note(&l.givenUp)
		return true, nil
	}
	if err := c.say("Subject: reload\r\n\r\nbody\r\n.", 250); err != nil {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.went++
	l.committed[c.login] += n
	return false, nil
}

// awaitMore waits until so many more messages have gone.
func (l *load) awaitMore(n int) {
	went := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.went
	}
	if before := went(); !servers.Wait(func() bool { return went() >= before+n }) {
		l.t.Errorf("mail does not go on: %d messages went", went()-before)
	}
}

func (l *load) note(n *int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*n++
}

// pause waits up to longest.
func pause(random *rand.Rand, longest time.Duration) {
	<-time.After(time.Duration(random.Int64N(int64(longest))))
}

// client is an SMTP client that is logged in.
type client struct {
	login string
	conn  net.Conn
	text  *textproto.Conn
}

func dial(address, login string) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c := &client{login, conn, textproto.NewConn(conn)}
	if _, err := c.answer(220); err != nil {
		return nil, err
	}
	secret := base64.StdEncoding.EncodeToString([]byte("\x00" + login + "\x00secret"))
	return c, errors.Join(c.say("EHLO client.test", 250), c.say("AUTH PLAIN "+secret, 235))
}

// say says a line, and wants that code for an answer.
func (c *client) say(line string, code int) error {
	if err := c.text.PrintfLine("%s", line); err != nil {
		return err
	}
	text, err := c.answer(code)
	if err != nil {
		return fmt.Errorf("%.40q is answered with %q: %w", line, text, err)
	}
	return nil
}

func (c *client) answer(code int) (string, error) {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	_, text, err := c.text.ReadResponse(code)
	return strings.ReplaceAll(text, "\n", " | "), err
}
