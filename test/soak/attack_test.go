//go:build servers && soak

package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/test/servers"
)

const (
	attackers    = 100 // connections of the one login
	attackPeople = 500 // recipients of each of its messages
	attackLimit  = 2000
	attackLasts  = 20 * time.Second
	othersPause  = 20 * time.Millisecond
)

// TestAttack has one login fill a hundred connections of a real Postfix with messages
// that it gives up after DATA, or sends, and tells what decisions on another sender
// take meanwhile. No window is exceeded.
func TestAttack(t *testing.T) {
	for name, start := range map[string]func(*testing.T) []string{
		"redis":    redisAddress,
		"cluster":  clusterAddresses,
		"embedded": func(*testing.T) []string { return nil },
	} {
		t.Run(name, func(t *testing.T) { attack(t, start(t)) })
	}
}

func attack(t *testing.T, addresses []string) {
	t.Helper()
	store := ""
	if len(addresses) > 0 {
		store = redisStore(250*time.Millisecond, addresses...)
	}
	dir := servers.Scratch(t)
	windows := window("1h", attackLimit, "distinct") + window("1h", 10*attackLimit, "copies")
	r := startRelay(t, dir, windows, store)
	postfix := servers.StartPostfix(t, servers.PostfixConfig{
		Listeners: []servers.Listener{{Name: "submission", Options: []string{
			"smtpd_sasl_auth_enable = yes", "smtpd_milters = { unix:" + r.socket() + ", default_action=tempfail }",
			"smtpd_authorized_xclient_hosts = 127.0.0.1",
		}}},
		Logins: true,
	})
	address := postfix.Address("submission")
	ctx, cancel := context.WithTimeout(t.Context(), attackLasts)
	defer cancel()
	var all sync.WaitGroup
	a := &assault{accepted: map[int]bool{}}
	for i := range attackers {
		all.Go(func() { a.run(ctx, address, rand.New(rand.NewPCG(1, uint64(i)))) })
	}
	others := 0
	all.Go(func() { others = sendOrdinary(ctx, t, address) })
	all.Wait()
	r.stop()
	took := decisions(r, "bertrand")
	t.Logf("%d messages of the attacker, %d given up, %d went, %d deferred; people reached: %d of %d", a.shown, a.givenUp, a.went, a.deferred, len(a.accepted), attackLimit)
	t.Logf("%d messages of another sender; decisions took p50 %v, p99 %v, worst %v", others, took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
	if len(a.accepted) > attackLimit {
		t.Errorf("the window holds %d people, and %d were reached", attackLimit, len(a.accepted))
	}
	if a.givenUp == 0 || a.went == 0 || others == 0 {
		t.Error("that was no attack")
	}
	if n := r.degraded(); n > 0 {
		t.Errorf("%d messages were decided on without the store", n)
	}
}

// decisions are the times that decisions on a sender took, sorted.
func decisions(r *relay, login string) []time.Duration {
	pattern := regexp.MustCompile(`msg=accepted .*sender=` + login + ` .*elapsed_ms=([0-9.]+)`)
	var took []time.Duration
	for _, line := range r.log.Grep(pattern) {
		ms, err := strconv.ParseFloat(pattern.FindStringSubmatch(line)[1], 64)
		if err != nil {
			r.t.Fatal(err)
		}
		took = append(took, time.Duration(ms*float64(time.Millisecond)))
	}
	if len(took) == 0 {
		r.t.Fatalf("no message of %s is in the log", login)
	}
	slices.Sort(took)
	return took
}

// assault is what the attacker did.
type assault struct {
	mu                             sync.Mutex
	shown, givenUp, went, deferred int
	accepted                       map[int]bool // the people reached
}

// run sends messages over one connection after another, until ctx ends.
func (a *assault) run(ctx context.Context, address string, random *rand.Rand) {
	for ctx.Err() == nil {
		c, err := logIn(address, "anne")
		if err != nil {
			continue // Postfix has no process free
		}
		for i := 0; i < 5 && ctx.Err() == nil; i++ {
			if !a.message(c, random) {
				break
			}
		}
		_ = c.Close()
	}
}

// message shows one message, and reports whether the connection goes on.
func (a *assault) message(c *textproto.Conn, random *rand.Rand) bool {
	people := random.Perm(3 * attackLimit)[:1+random.IntN(attackPeople)]
	switch random.IntN(3) {
	case 0:
		people = people[:1]
	case 1: // the same ones as everybody
		for i := range people {
			people[i] = i
		}
	}
	if !toData(c, "anne", people) {
		return false
	}
	code, _, err := c.ReadResponse(0)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shown++
	switch {
	case err != nil && code == 0:
		return false
	case code != 354:
		a.deferred++
		return c.PrintfLine("RSET") == nil && read(c, 250)
	case random.IntN(10) > 0:
		a.givenUp++
		return false // it hangs up
	}
	if c.PrintfLine("Subject: x\r\n\r\n.") != nil || !read(c, 250) {
		return false
	}
	a.went++
	for _, p := range people {
		a.accepted[p] = true
	}
	return true
}

// sendOrdinary sends messages of another sender until ctx ends, and returns how many
// went.
func sendOrdinary(ctx context.Context, t *testing.T, address string) int {
	t.Helper()
	var c *textproto.Conn
	sent := 0
	for pause(ctx, othersPause) {
		if c == nil {
			var err error
			if c, err = logIn(address, "bertrand"); err != nil {
				c = nil
				continue
			}
		}
		if !toData(c, "bertrand", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) || !read(c, 354) || c.PrintfLine("Subject: x\r\n\r\n.") != nil || !read(c, 250) {
			t.Error("the other sender's message did not go")
			break
		}
		sent++
	}
	if c != nil {
		_ = c.Close()
	}
	return sent
}

// logIn opens a connection of a login.
func logIn(address, login string) (*textproto.Conn, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(attackLasts + patience)); err != nil {
		return nil, err
	}
	c := textproto.NewConn(conn)
	if !read(c, 220) || c.PrintfLine("EHLO client.test") != nil || !read(c, 250) ||
		c.PrintfLine("XCLIENT LOGIN=%s ADDR=192.0.2.1", login) != nil || !read(c, 220) ||
		c.PrintfLine("EHLO client.test") != nil || !read(c, 250) {
		_ = c.Close()
		return nil, fmt.Errorf("no connection of %s", login)
	}
	return c, nil
}

// toData shows an envelope and DATA, whose answer it leaves to be read.
func toData(c *textproto.Conn, login string, people []int) bool {
	var lines strings.Builder
	fmt.Fprintf(&lines, "MAIL FROM:<%s@example.org>\r\n", login)
	for _, p := range people {
		fmt.Fprintf(&lines, "RCPT TO:<r%d@example.org>\r\n", p)
	}
	lines.WriteString("DATA")
	if c.PrintfLine("%s", lines.String()) != nil || !read(c, 250) {
		return false
	}
	for range people {
		if !read(c, 250) {
			return false
		}
	}
	return true
}

// read reports whether the next reply has a code.
func read(c *textproto.Conn, code int) bool {
	_, _, err := c.ReadResponse(code)
	return err == nil
}
