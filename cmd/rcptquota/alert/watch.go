package alert

import (
	"context"
	"slices"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

const (
	// watchEvery is how often states, and the windows of those who sent mail, are looked
	// at.
	watchEvery = 10 * time.Second
	// maxDue is how many senders are looked at each time; the others are looked at after
	// their next message.
	maxDue = 1000
	// useTimeout bounds the look at one sender.
	useTimeout = 2 * time.Second
)

// user is a sender who sent mail.
type user struct{ login, class string }

// noteUse has a look at the sender's windows soon.
func (a *Alerter) noteUse(v *quota.Verdict) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.due) < maxDue {
		a.due[v.Ticket.Sender] = user{v.Sender, v.Class}
	}
}

// watch looks at everything again and again until ctx ends.
func (a *Alerter) watch(ctx context.Context) {
	var was states
	digest := a.firstDigest(time.Now())
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		was = a.lookAtStates(was, now)
		a.lookAtUses(ctx, now)
		digest = a.digestWhenDue(ctx, digest, now)
	}
}

// lookAtStates raises what lasts, and returns the states now.
func (a *Alerter) lookAtStates(was states, now time.Time) states {
	config := &a.Settings().config
	if !config.Enabled {
		return states{}
	}
	next, alerts := was.next(a.State(), now, config.After.Duration)
	for _, alert := range alerts {
		if config.wants(alert.Kind) {
			a.raise(alert)
		}
	}
	return next
}

// lookAtUses raises an alert for each sender who has used most of a window. While the
// store cannot be asked, nobody is looked at.
func (a *Alerter) lookAtUses(ctx context.Context, now time.Time) {
	a.mu.Lock()
	due := a.due
	a.due = map[string]user{}
	a.mu.Unlock()
	share := a.Settings().config.WindowShare
	for counted, who := range due {
		one, cancel := context.WithTimeout(ctx, useTimeout)
		uses, err := a.Uses(one, counted, who.class)
		cancel()
		if err != nil {
			return
		}
		for _, u := range uses {
			if alert, worth := ofUse(who.login, who.class, u, share, now); worth {
				a.raise(alert)
			}
		}
	}
}

// firstDigest is when the first digest after now is due; the zero time: never.
func (a *Alerter) firstDigest(now time.Time) time.Time {
	at, err := a.Settings().config.digestTime()
	if err != nil || at.IsZero() {
		return time.Time{}
	}
	return nextDigest(now, at)
}

// digestWhenDue sends the digest if it is due, and returns when the next one is.
func (a *Alerter) digestWhenDue(ctx context.Context, due, now time.Time) time.Time {
	next := a.firstDigest(now)
	if due.IsZero() || now.Before(due) || next.IsZero() || !a.Settings().config.Enabled {
		return next
	}
	s := a.Settings()
	key := "digest " + due.Format(time.DateOnly)
	if !a.own.claim(key, day, now) || !s.claim(ctx, key, day) {
		return next
	}
	from := due.Add(-day)
	alerts := a.own.between(from, due)
	if s.shared != nil {
		shared, err := s.shared.Between(ctx, from, due)
		if err != nil {
			a.log.Warn(msgNoDigest, "error", err)
		}
		alerts = append(alerts, shared...)
	}
	slices.SortStableFunc(alerts, func(a, b Alert) int { return a.Time.Compare(b.Time) })
	if len(alerts) > 0 {
		a.send(digestOf(alerts, from, due, s.relay))
	}
	return next
}
