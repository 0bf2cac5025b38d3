//go:build servers && soak

package soak

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

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
	l := &load{t: t, logins: []string{"anne", "bertrand"}, people: 500, most: 20, pause: steadily(60 * time.Millisecond)}
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
	t.Logf("%d attempts: %d stood, %d were given back, %d deferred; 4 outages; the slowest decision took %v, and the machine stood still for %v",
		l.attempts(), len(l.all[stood]), len(l.all[givenBack]), len(l.all[deferred]), l.slow.Round(time.Millisecond), p.worst())
	if l.slow > 2*awayDeadline+wakeUps*p.worst() {
		t.Errorf("a decision took %v, with a deadline of %v", l.slow, awayDeadline)
	}
	all := map[string][]kept{}
	for _, login := range l.logins {
		all[login] = checkAway(t, l, login, server)
	}
	for _, r := range relays {
		r.stop()
		t.Logf("relay %s decided on %d messages alone", r.origin(), r.degraded())
	}
	for _, login := range l.logins {
		checkLimits(t, login, all[login], relays)
	}
}

// checkAway checks that Redis holds all that was accepted of a sender, and no
// more, and returns it.
func checkAway(t *testing.T, l *load, login string, server *servers.Redis) []kept {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Address()})
	defer client.Close() //nolint:errcheck // nothing is written
	accepted := of(login, l.all[stood])
	var all []kept
	servers.Wait(func() bool { all = inRedis(t, client, login); return len(all) == len(accepted) })
	forgotten, surplus := pair(accepted, nil, all)
	t.Logf("%s: %d messages accepted, Redis holds %d", login, len(accepted), len(all))
	if len(forgotten) > 0 || len(surplus) > 0 {
		t.Errorf("%s: Redis has forgotten %d messages, and holds %d that are none", login, len(forgotten), len(surplus))
	}
	return all
}

// checkLimits checks that neither Redis nor a relay by itself, over all outages,
// let too much of a sender through.
func checkLimits(t *testing.T, login string, all []kept, relays []*relay) {
	t.Helper()
	byOrigin := map[string][]kept{}
	for _, k := range all {
		byOrigin[k.origin] = append(byOrigin[k.origin], k)
	}
	check := func(where string, part []kept) {
		t.Helper()
		most := fullest(part, awayPer)
		t.Logf("%s: %d messages counted by %s, at most %d copies of %d in %v", login, len(part), where, most, awayLimit, awayPer)
		if most > awayLimit || most < awayLimit/2 {
			t.Error("that is too much, or too little to have been a test")
		}
	}
	check("Redis", byOrigin[""])
	for _, r := range relays {
		check("relay "+r.origin(), byOrigin[r.origin()])
	}
}
