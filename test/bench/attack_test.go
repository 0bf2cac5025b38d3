//go:build servers && bench

package bench

import (
	"context"
	"errors"
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
	attackPeople = 500 // recipients of each of its messages, at most
	attackLimit  = 2000
	attackTime   = 30 * time.Second
	othersPause  = 20 * time.Millisecond
	maxWait      = time.Minute
)

// BenchmarkAttack has one login fill a hundred connections of a real Postfix with
// messages that it mostly gives up after DATA, and reports what decisions on another
// sender take meanwhile, and with nobody attacking. It fails where more of the
// attacker's messages went than the windows hold, of Redis and of the relay alone.
func BenchmarkAttack(b *testing.B) {
	for _, name := range []string{"embedded", "redis", "cluster"} {
		for _, n := range []int{0, attackers} {
			b.Run(fmt.Sprintf("%s,connections=%d", name, n), func(b *testing.B) { attack(b, attackedStore(b, name), n) })
		}
	}
}

// attackedStore writes the table of a store that was started for it.
func attackedStore(b *testing.B, name string) string {
	b.Helper()
	switch name {
	case "redis":
		return redisStore(servers.StartRedis(b).Address())
	case "cluster":
		var addresses []string
		for _, node := range servers.StartRedisCluster(b) {
			addresses = append(addresses, node.Address())
		}
		return redisStore(addresses...)
	}
	return ""
}

func attack(b *testing.B, store string, connections int) {
	b.Helper()
	address, log := startAttacked(b, store, attackLimit)
	a := &assault{reached: map[int]bool{}}
	for b.Loop() {
		a.run(b, address, connections)
	}
	most := attackLimit
	if reportDecisions(b, log) > 0 { // Redis did not answer in time, and this relay counted as in an outage
		most *= 2
	}
	if len(a.reached) > most {
		b.Errorf("the windows hold %d people, and %d were reached", most, len(a.reached))
	}
	b.ReportMetric(float64(a.givenUp), "given-up")
	b.ReportMetric(float64(len(a.reached)), "reached")
}

// startAttacked starts a Postfix with rcptquota, whose windows hold so many people, and
// returns its address and rcptquota's log.
func startAttacked(b *testing.B, store string, people int) (address string, log *servers.LogFile) {
	b.Helper()
	window := "[[class.all.window]]\nper = \"1h\"\nrecipients = %d\ncount = %q\n"
	socket := serve(b, fmt.Sprintf(window+window, people, "distinct", 100_000, "copies")+store)
	postfix := servers.StartPostfix(b, servers.PostfixConfig{Logins: true, Listeners: []servers.Listener{{
		Name: "submission", Options: []string{
			"smtpd_sasl_auth_enable = yes", "smtpd_authorized_xclient_hosts = 127.0.0.1",
			"smtpd_milters = { unix:" + socket + ", default_action=tempfail }",
		},
	}}})
	return postfix.Address("submission"), &servers.LogFile{Path: socket + ".log"}
}

// reportDecisions reports what decisions on the other sender took, and returns how many
// were made without Redis.
func reportDecisions(b *testing.B, log *servers.LogFile) (alone int) {
	b.Helper()
	took := decisions(b, log)
	alone = len(log.Grep(regexp.MustCompile(`degraded=true`)))
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(took[len(took)/2]), "p50-ms")
	b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
	b.ReportMetric(ms(took[len(took)-1]), "worst-ms")
	b.ReportMetric(float64(len(took)), "decisions")
	b.ReportMetric(float64(alone), "alone")
	return alone
}

// BenchmarkDropped has one login hold a hundred messages to the same people after DATA,
// and then drop them all at once, and reports what decisions on another sender take from
// the moment when all are held. Before that, Postfix alone keeps the processors busy.
func BenchmarkDropped(b *testing.B) {
	for _, name := range []string{"embedded", "redis", "cluster"} {
		b.Run(name, func(b *testing.B) {
			address, log := startAttacked(b, attackedStore(b, name), attackers*attackPeople)
			for b.Loop() {
				for range waves {
					drop(b, address)
				}
			}
			reportDecisions(b, log)
		})
	}
}

const waves = 2

// drop is one wave.
func drop(b *testing.B, address string) {
	b.Helper()
	var people []int
	for i := range attackPeople {
		people = append(people, i)
	}
	held := make(chan *textproto.Conn, attackers)
	var all sync.WaitGroup
	for range attackers {
		all.Go(func() {
			c, err := logIn(address, "anne")
			if err != nil {
				b.Error(err)
				return
			}
			if held <- c; !envelope(c, "anne", people) || !read(c, 354) {
				b.Error("a message of the attacker was not let go")
			}
		})
	}
	all.Wait()
	close(held)
	ctx, cancel := context.WithTimeout(b.Context(), 3*time.Second)
	defer cancel()
	all.Go(func() {
		if err := sendOrdinary(ctx, address); err != nil {
			b.Error(err)
		}
	})
	for c := range held {
		all.Go(func() { _ = c.Close() })
	}
	all.Wait()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// decisions are the times that decisions on the other sender took, sorted.
func decisions(b *testing.B, log *servers.LogFile) []time.Duration {
	b.Helper()
	pattern := regexp.MustCompile(`msg=accepted .*sender=bertrand .*elapsed_ms=([0-9.]+)`)
	var took []time.Duration
	for _, line := range log.Grep(pattern) {
		ms, err := strconv.ParseFloat(pattern.FindStringSubmatch(line)[1], 64)
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Duration(ms*float64(time.Millisecond)))
	}
	if len(took) == 0 {
		b.Fatal("no message of the other sender is in the log")
	}
	slices.Sort(took)
	return took
}

// assault is what the attacker did.
type assault struct {
	mu      sync.Mutex
	givenUp int
	reached map[int]bool // the people who got a message
}

// run attacks for a while over so many connections, beside another sender.
func (a *assault) run(b *testing.B, address string, connections int) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), attackTime)
	defer cancel()
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() { a.converse(ctx, address, rand.New(rand.NewPCG(1, uint64(i)))) })
	}
	all.Go(func() {
		if err := sendOrdinary(ctx, address); err != nil {
			b.Error(err)
		}
	})
	all.Wait()
}

// converse sends messages over one connection after another, until ctx ends.
func (a *assault) converse(ctx context.Context, address string, random *rand.Rand) {
	for ctx.Err() == nil {
		c, err := logIn(address, "anne")
		if err != nil {
			continue // Postfix has no process free
		}
		for goesOn := true; goesOn && ctx.Err() == nil; {
			goesOn = a.message(c, random)
		}
		_ = c.Close()
	}
}

// message shows one message, and reports whether the connection goes on.
func (a *assault) message(c *textproto.Conn, random *rand.Rand) bool {
	people := random.Perm(3 * attackLimit)[:1+random.IntN(attackPeople)]
	if random.IntN(2) > 0 { // the same ones as the other connections
		for i := range people {
			people[i] = i
		}
	}
	if !envelope(c, "anne", people) {
		return false
	}
	code, _, err := c.ReadResponse(0)
	switch {
	case err != nil && code == 0:
		return false
	case code != 354: // deferred
		return c.PrintfLine("RSET") == nil && read(c, 250)
	case random.IntN(10) > 0:
		a.mu.Lock()
		defer a.mu.Unlock()
		a.givenUp++
		return false // and it hangs up
	}
	if !body(c) {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range people {
		a.reached[p] = true
	}
	return true
}

// sendOrdinary sends messages of another sender until ctx ends.
func sendOrdinary(ctx context.Context, address string) error {
	c, err := logIn(address, "bertrand")
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // everything was answered
	for ticker := time.NewTicker(othersPause); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if !envelope(c, "bertrand", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) || !read(c, 354) || !body(c) {
			return fmt.Errorf("the other sender's message did not go")
		}
	}
}

// logIn opens a connection of a login.
func logIn(address, login string) (*textproto.Conn, error) {
	conn, err := net.DialTimeout("tcp", address, maxWait)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(attackTime + maxWait)); err != nil {
		return nil, err
	}
	c := textproto.NewConn(conn)
	for _, line := range []string{"EHLO client.test", "XCLIENT LOGIN=" + login + " ADDR=192.0.2.1", "EHLO client.test"} {
		if _, _, err := c.ReadResponse(2); err != nil {
			return nil, errors.Join(err, c.Close())
		}
		if err := c.PrintfLine("%s", line); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	if !read(c, 250) {
		return nil, errors.Join(fmt.Errorf("no connection of %s", login), c.Close())
	}
	return c, nil
}

// envelope shows a message up to DATA, whose reply it leaves to be read.
func envelope(c *textproto.Conn, login string, people []int) bool {
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

// body sends the message, and reports whether it went.
func body(c *textproto.Conn) bool {
	return c.PrintfLine("Subject: x\r\n\r\nbody\r\n.") == nil && read(c, 250)
}

// read reports whether the next reply has a code.
func read(c *textproto.Conn, code int) bool {
	_, _, err := c.ReadResponse(code)
	return err == nil
}
