//go:build servers && bench

package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/servers"
)

const (
	connections = 4
	// batchTime is about how long one batch of messages takes.
	batchTime = 200 * time.Millisecond
	// roundsTime is how long the rounds of one iteration take.
	roundsTime = 2 * time.Minute
)

// setup is a listener of one Postfix. Each but the first has a milter, whose socket start
// returns, and is compared with the one named.
type setup struct {
	name, against string
	start         func(b *testing.B, setup string) (socket string)
}

var setups = append([]setup{
	{"plain", "", nil},
	{"least", "plain", startLeast},        // only continues
	{"limit", "plain", startProgram},      // rcptquota, the limit a message
	{"again", "limit", startProgram},      // the very same: how far from 1 is noise
	{"lists", "limit", startProgram},      // and list domains, of which no recipient is
	{"visible", "limit", startProgram},    // and a limit of the addresses in To and Cc
	{"unrecorded", "limit", startProgram}, // and no decision records
	{"embedded", "limit", startProgram},   // and windows in this process
	{"redis", "embedded", startProgram},   // and windows in Redis
}, otherSetups()...)

// otherSetups are those of another build of rcptquota, the program that the environment
// variable OTHER names, against the same ones of this build.
func otherSetups() []setup {
	if os.Getenv("OTHER") == "" {
		return nil
	}
	return []setup{
		{"other-limit", "limit", startProgram},
		{"other-embedded", "embedded", startProgram},
		{"other-redis", "redis", startProgram},
	}
}

// BenchmarkPostfix sends messages through one Postfix, by turns to a listener
// without a milter and to some with rcptquota, and reports the medians of the
// rounds' ratios. One iteration is some rounds.
func BenchmarkPostfix(b *testing.B) {
	var listeners []servers.Listener
	for _, s := range setups {
		options := []string{"smtpd_sasl_auth_enable = yes", "smtpd_sender_restrictions = check_sender_access static:HOLD"}
		if s.against != "" {
			options = append(options, "smtpd_milters = { unix:"+s.start(b, s.name)+", default_action=tempfail }")
		}
		listeners = append(listeners, servers.Listener{Name: s.name, Options: options})
	}
	postfix := servers.StartPostfix(b, servers.PostfixConfig{Logins: true, Listeners: listeners})
	for _, recipients := range []int{1, 10, 150, 1000} {
		b.Run(fmt.Sprintf("recipients=%d", recipients), func(b *testing.B) {
			benchRatios(b, postfix, smtpMessage(recipients))
		})
	}
}

func benchRatios(b *testing.B, postfix *servers.Postfix, m message) {
	b.Helper()
	clients := map[string][]*client{}
	for _, s := range setups {
		clients[s.name] = dialAll(b, postfix.Address(s.name))
	}
	messages := calibrate(b, clients["plain"], m)
	rates, ratios := map[string][]float64{}, map[string][]float64{}
	order := random.New(b)
	for b.Loop() {
		for start := time.Now(); time.Since(start) < roundsTime; {
			now := map[string]float64{}
			for _, i := range order.Perm(len(setups)) { // what one leaves to do, the next one pays
				s := setups[i]
				now[s.name] = rate(b, clients[s.name], m, messages)
			}
			for _, s := range setups {
				rates[s.name] = append(rates[s.name], now[s.name])
				if s.against != "" {
					ratios[s.name] = append(ratios[s.name], now[s.name]/now[s.against])
				}
			}
			empty(b, postfix)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(rates["plain"])), "rounds")
	for _, s := range setups {
		b.ReportMetric(median(rates[s.name]), s.name+"-msg/s")
		if s.against != "" {
			b.ReportMetric(median(ratios[s.name]), s.name+"/"+s.against)
		}
	}
}

func dialAll(b *testing.B, address string) []*client {
	b.Helper()
	var clients []*client
	for i := range connections {
		c, err := dial(address, i)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = c.conn.Close() })
		clients = append(clients, c)
	}
	return clients
}

// calibrate warms up, and returns how many messages a connection sends in
// about batchTime.
func calibrate(b *testing.B, clients []*client, m message) int {
	b.Helper()
	_ = rate(b, clients, m, 2)
	perSecond := rate(b, clients, m, 5)
	return max(int(perSecond*batchTime.Seconds()/connections), 1)
}

// rate sends messages over each connection at once, and returns how many went
// a second.
func rate(b *testing.B, clients []*client, m message, messages int) float64 {
	b.Helper()
	start := time.Now()
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() {
			for range messages {
				if err := c.send(m); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if b.Failed() {
		b.FailNow()
	}
	return float64(messages*len(clients)) / time.Since(start).Seconds()
}

// empty deletes what was sent: all of it is on hold, where Postfix looks no more,
// and postsuper would take as long as the sending.
func empty(b *testing.B, p *servers.Postfix) {
	b.Helper()
	hold := filepath.Join(p.Dir, "queue", "hold")
	messages, err := os.ReadDir(hold)
	for _, m := range messages {
		err = errors.Join(err, os.Remove(filepath.Join(hold, m.Name())))
	}
	if err != nil {
		b.Fatal(err)
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
