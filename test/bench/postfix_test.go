//go:build servers && bench

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/test/servers"
)

const (
	connections   = 4
	pairsPerRatio = 15
	// batchTime is about how long one batch of messages takes.
	batchTime = 400 * time.Millisecond
)

// BenchmarkPostfix sends messages through one Postfix, by turns to a listener
// without a milter and to one with rcptquota, and reports the median of the
// pairs' ratios. One iteration is one pair of batches.
func BenchmarkPostfix(b *testing.B) {
	socket := startProgram(b)
	options := []string{"smtpd_sasl_auth_enable = yes", "smtpd_sender_restrictions = check_sender_access static:HOLD"}
	postfix := servers.StartPostfix(b, servers.PostfixConfig{
		Logins: true,
		Listeners: []servers.Listener{
			{Name: "plain", Options: options},
			{Name: "milter", Options: append([]string{"smtpd_milters = { unix:" + socket + ", default_action=tempfail }"}, options...)},
		},
	})
	for _, recipients := range []int{1, 10, 150, 1000} {
		b.Run(fmt.Sprintf("recipients=%d", recipients), func(b *testing.B) {
			plain, milter := dialAll(b, postfix.Address("plain")), dialAll(b, postfix.Address("milter"))
			message := smtpMessage(recipients)
			messages := calibrate(b, plain, message)
			var plainRates, milterRates, ratios []float64
			for b.Loop() {
				for range pairsPerRatio {
					p, m := rate(b, plain, message, messages), rate(b, milter, message, messages)
					plainRates, milterRates, ratios = append(plainRates, p), append(milterRates, m), append(ratios, m/p)
					empty(b, postfix)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(plainRates), "plain-msg/s")
			b.ReportMetric(median(milterRates), "rcptquota-msg/s")
			b.ReportMetric(median(ratios), "ratio")
		})
	}
}

// startProgram builds rcptquota without the race detector, serves it, and
// returns its socket. Its sender may write to 5000 recipients.
func startProgram(b *testing.B) string {
	b.Helper()
	dir := servers.Scratch(b)
	if output, err := exec.Command("go", "build", "-o", dir, "github.com/rcptquota/rcptquota/cmd/rcptquota").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, output)
	}
	socket := filepath.Join(dir, "s.sock")
	config := fmt.Sprintf("[[listen]]\naddress = \"unix:%s\"\nmode = \"0666\"\n[class.all]\nrecipients = 5000\n", socket)
	for name, text := range map[string]string{"rcptquota.toml": config, "directory.toml": "[[sender]]\nlogin = \"anne\"\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	process, err := servers.StartProcess(filepath.Join(dir, "log"),
		filepath.Join(dir, "rcptquota"), "serve", "--config", filepath.Join(dir, "rcptquota.toml"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(process.Stop)
	if !servers.Wait(func() bool { _, err := os.Stat(socket); return err == nil }) {
		b.Fatal("rcptquota does not listen")
	}
	return socket
}

func dialAll(b *testing.B, address string) []*client {
	b.Helper()
	var clients []*client
	for range connections {
		c, err := dial(address)
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
func calibrate(b *testing.B, clients []*client, message []byte) int {
	b.Helper()
	_ = rate(b, clients, message, 2)
	perSecond := rate(b, clients, message, 5)
	return max(int(perSecond*batchTime.Seconds()/connections), 2)
}

// rate sends messages over each connection at once, and returns how many went
// a second.
func rate(b *testing.B, clients []*client, message []byte, messages int) float64 {
	b.Helper()
	start := time.Now()
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() {
			for range messages {
				if err := c.send(message); err != nil {
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

// empty deletes what was sent: all of it is on hold.
func empty(b *testing.B, p *servers.Postfix) {
	b.Helper()
	if output, err := exec.Command("postsuper", "-c", filepath.Join(p.Dir, "etc"), "-d", "ALL", "hold").CombinedOutput(); err != nil {
		b.Fatalf("postsuper: %v\n%s", err, output)
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
