//go:build servers && soak

package soak

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/test/random"
	"github.com/rcptquota/rcptquota/test/servers"
)

const (
	awayPer      = 10 * time.Second // longer than two outages and what lies between
	awayLimit    = 3000
	awayDeadline = 250 * time.Millisecond
	// outage is how long Redis is away, and recovery how long it is there: a
	// relay finds it after 2 s at most.
	outage, recovery = 1500 * time.Millisecond, 3 * time.Second
)

func TestRedisAway(t *testing.T) {
	server := servers.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	windows := window("10s", awayLimit, "copies") + window("10s", 480, "distinct") + record
	var relays []*relay
	for range 2 {
		relays = append(relays, startRelay(t, servers.Scratch(t), windows, redisStore(awayDeadline, server.Address())))
	}
	l := &load{t: t, random: random.New(t), logins: []string{"anne", "bertrand"}, people: 500, most: 20, pause: steadily(60 * time.Millisecond)}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.run(ctx, relays, connections/len(relays), attempts)
	}()
	var p pulse
	go p.run(ctx)
	pause(ctx, outage)
	for range 2 {
		for _, o := range []struct{ leave, comeBack func(*servers.Redis) }{
			{(*servers.Redis).Kill, (*servers.Redis).Start},
			{(*servers.Redis).Freeze, (*servers.Redis).Thaw},
		} {
			o.leave(server)
			pause(ctx, outage)
			o.comeBack(server)
			pause(ctx, recovery)
		}
	}
	cancel()
	<-done
	t.Logf("%d attempts: %d committed, %d were given back, %d deferred; 4 outages; the slowest decision took %v, and the machine stood still for %v",
		l.attempts(), len(l.all[committed]), len(l.all[givenBack]), len(l.all[deferred]), l.slow.Round(time.Millisecond), p.worst())
	if l.slow > 3*awayDeadline+wakeUps*p.worst() {
		t.Errorf("a decision took %v, with a deadline of %v", l.slow, awayDeadline)
	}
	for _, r := range relays {
		r.stop()
		t.Logf("a relay decided on %d messages alone", r.degraded())
	}
	for _, login := range l.logins {
		checkAway(t, l, login, server, relays)
	}
}

// frozen is how often Redis was frozen: what was on its way there is carried out
// afterwards, too, and then counts twice.
const frozen = 2

// checkAway checks that every message of a sender that was accepted is counted, that
// those given back are not, and that neither Redis nor a relay by itself, over all
// outages, let too much through.
func checkAway(t *testing.T, l *load, login string, server *servers.Redis, relays []*relay) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Address()})
	defer client.Close() //nolint:errcheck // nothing is written
	accepted := of(login, l.all[committed])
	inRedis := inRedis(t, client, login)
	everywhere := slices.Clone(inRedis)
	checkLimit(t, login, "Redis", inRedis)
	for i, r := range relays {
		here := inFile(t, r, login)
		checkLimit(t, login, fmt.Sprintf("relay %d", i), here)
		everywhere = append(everywhere, here...)
	}
	if forgotten, _ := pair(accepted, nil, everywhere); len(forgotten) > 0 {
		t.Errorf("%s: %d accepted messages are counted nowhere", login, len(forgotten))
	}
	_, surplus := pair(accepted, nil, inRedis)
	t.Logf("%s: %d messages accepted, Redis holds %d, %d of them a second time", login, len(accepted), len(inRedis), len(surplus))
	if len(surplus) > frozen*connections {
		t.Errorf("%s: Redis holds %d messages that are none", login, len(surplus))
	}
}

func checkLimit(t *testing.T, login, where string, all []kept) {
	t.Helper()
	most := fullest(all, awayPer)
	t.Logf("%s: %s counts %d messages, at most %d copies of %d in %v", login, where, len(all), most, awayLimit, awayPer)
	if most > awayLimit || most < awayLimit/4 {
		t.Error("that is too much, or too little to have been a test")
	}
}
