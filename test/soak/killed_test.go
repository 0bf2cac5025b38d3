//go:build servers && soak

package soak

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/servers"
)

const (
	kills     = 50
	killPer   = time.Second
	killLimit = 600 // copies, and the size of a message that fills the window
	// mayForget is what a kill of the embedded store may cost.
	mayForget = time.Second
)

func TestKilled(t *testing.T) {
	t.Parallel() // after the others, which measure; its own two are not in a hurry
	windows := window("1s", killLimit, "copies") + window("1s", killLimit, "distinct") + record
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		r := startRelay(t, servers.Scratch(t), windows, "")
		killOften(t, r, mayForget, func(login string) []kept { return inFile(t, r, login) })
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		address := servers.StartRedis(t).Address()
		client := redis.NewClient(&redis.Options{Addr: address})
		defer client.Close() //nolint:errcheck // nothing is written
		r := startRelay(t, servers.Scratch(t), windows, redisStore(5*time.Second, address))
		l := killOften(t, r, 0, func(login string) []kept { return inRedis(t, client, login) })
		for _, login := range l.logins {
			most := fullest(inRedis(t, client, login), killPer)
			t.Logf("%s: the fullest %v held %d copies of %d", login, killPer, most, killLimit)
			if most > killLimit {
				t.Error("too much")
			}
		}
		if n := r.degraded(); n > 0 {
			t.Errorf("%d messages were decided on without Redis", n)
		}
	})
}

// killOften kills the relay under load, and each time looks whether senders can
// go on. What was accepted earlier than forgets before a kill must be kept.
func killOften(t *testing.T, r *relay, forgets time.Duration, read func(login string) []kept) *load {
	t.Helper()
	l := &load{t: t, random: random.New(t), logins: []string{"anne", "bertrand"}, people: 100, most: 10, pause: steadily(100 * time.Millisecond), dies: true}
	var killed []death
	var slowestStart time.Duration
	for range kills {
		killed = append(killed, killUnderLoad(t, l, r))
		start := time.Now()
		r.start()
		slowestStart = max(slowestStart, time.Since(start))
		if !pause(t.Context(), time.Until(killed[len(killed)-1].over.Add(killPer+50*time.Millisecond))) {
			t.Fatal("no time left")
		}
		passFull(t, l, r)
	}
	r.stop()
	t.Logf("%d kills, %d attempts: %d committed, %d were given back, %d deferred, of %d nobody knows; the slowest restart took %v",
		len(killed), l.attempts(), len(l.all[committed]), len(l.all[givenBack]), len(l.all[deferred]), len(l.all[unknown]), slowestStart)
	for _, login := range l.logins {
		checkKept(t, l, login, killed, forgets, read(login))
	}
	return l
}

// death is when a relay was killed: somewhere in between.
type death struct{ begun, over time.Time }

// killUnderLoad kills the relay at a random moment of a load.
func killUnderLoad(t *testing.T, l *load, r *relay) death {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), maxWait)
	defer cancel()
	alive := 100*time.Millisecond + time.Duration(l.random.Int64N(int64(1400*time.Millisecond)))
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.run(ctx, []*relay{r}, connections, attempts)
	}()
	pause(ctx, alive)
	d := death{begun: time.Now()}
	r.kill()
	d.over = time.Now()
	cancel()
	<-done
	return d
}

// passFull shows, of each sender, a message that fills the whole window, and
// aborts it.
func passFull(t *testing.T, l *load, r *relay) {
	t.Helper()
	m, err := dial(r.socket())
	if err != nil {
		t.Fatal(err)
	}
	defer m.conn.Close() //nolint:errcheck // everything was answered
	for _, login := range l.logins {
		a := attempt{login: login, people: l.random.Perm(killLimit)}
		if err := l.show(m, &a, true); err != nil {
			t.Fatal(err)
		}
		if a.fate != givenBack {
			t.Errorf("%s is stuck, %v after the kill", login, killPer)
		}
		l.note(a)
	}
}

// checkKept pairs what a store holds of a sender after the kills with what was
// accepted.
func checkKept(t *testing.T, l *load, login string, killed []death, forgets time.Duration, all []kept) {
	t.Helper()
	var sure, others []attempt
	late, oldest := 0, time.Duration(0)
	for _, a := range of(login, l.all[committed]) {
		if forgets == 0 || beforeKill(a.ended, killed) > forgets {
			sure = append(sure, a)
		} else {
			others = append(others, a)
			late++
		}
	}
	// A message given back just before a kill may not have been so on disk, or in Redis: it counts as one under way.
	for _, a := range of(login, l.all[givenBack]) {
		if beforeKill(a.ended, killed) <= mayForget {
			others = append(others, a)
		}
	}
	for _, a := range of(login, l.all[unknown]) {
		a.replied = a.replied.Add(mayForget) // what the dead has sent, Redis still carries out
		others = append(others, a)
	}
	forgotten, surplus := pair(sure, others, all)
	for _, a := range forgotten {
		t.Errorf("%s: %d copies were accepted %v before a kill, and forgotten", login, len(a.people), beforeKill(a.ended, killed))
	}
	if len(surplus) > 0 {
		t.Errorf("%s: %d messages are kept that were none, the first: %+v", login, len(surplus), surplus[0])
	}
	lost, _ := pair(of(login, l.all[committed]), others, all) // to tell how much it is really
	for _, a := range lost {
		oldest = max(oldest, beforeKill(a.ended, killed))
	}
	t.Logf("%s: %d accepted must be kept, %d may be forgotten; the store holds %d messages; %d of the accepted are forgotten, the oldest of them %v before a kill",
		login, len(sure), late, len(all), len(lost), oldest.Round(time.Millisecond))
}

// beforeKill is how long before the next kill a moment was; an hour if there was
// none.
func beforeKill(moment time.Time, killed []death) time.Duration {
	for _, k := range killed {
		if !k.over.Before(moment) {
			return max(0, k.begun.Sub(moment))
		}
	}
	return time.Hour
}
