package alert

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rcptquota/rcptquota/milter"
)

// Messages of the log.
const (
	// Log record "alert": a warning, with `[alerts]`: something that the administrator should
	// know of now, once over all relays. See [Alerts](#alerts)
	msgAlert = "alert"
	// Log record "alert_not_sent": an error: mail or the webhook fails: `error`; once, until
	// it works again
	msgNotSent = "alert_not_sent"
	// Log record "alert_sent_again": when it works again
	msgSentAgain = "alert_sent_again"
	// Log record "alerts_dropped": an error: alerts found no room, because too many came at
	// once or one channel hangs; once, until there is room again
	msgDropped = "alerts_dropped"
	// Log record "alert_not_shared": a warning: Redis does not take alerts for the digest:
	// `error`; only the digest of this relay has them. Once, until it works again
	msgNotShared = "alert_not_shared"
	// Log record "alert_digest_incomplete": a warning: Redis could not be asked for the
	// alerts of the day: `error`
	msgNoDigest = "alert_digest_incomplete"
)

// maxRaised is how many alerts wait to be raised; further ones are dropped.
const maxRaised = 256

// Sources are what the alerts are about. They are asked again and again, so that a reload
// needs nothing else.
type Sources struct {
	// Settings returns the settings in force.
	Settings func() *Settings
	// State returns what is wrong now.
	State func() State
	// Uses returns how much of each window of a class a sender has used, by the name under
	// which its recipients are counted. The error means that this cannot be known now.
	Uses func(ctx context.Context, counted, class string) ([]Use, error)
}

// Alerter raises alerts. Make it with [New], and run it. It is used by many goroutines at
// once.
type Alerter struct {
	Sources
	log    *slog.Logger
	own    *memory
	raised chan Alert
	// unshared reports that Redis did not take the last alert, which is in the log. It is
	// dispatch's.
	unshared bool
	mail     *outlet
	hook     *outlet

	mu  sync.Mutex
	due map[string]user // whose use of windows is to be looked at

	dropping atomic.Bool
	dropped  atomic.Uint64
	counts   [kindCount]atomic.Uint64 // by kind
}

// kindCount is the number of kinds.
const kindCount = int(Reload) + 1

// New returns an alerter that is not running yet.
func New(log *slog.Logger, sources Sources) *Alerter {
	return &Alerter{
		Sources: sources, log: log, own: newMemory(), raised: make(chan Alert, maxRaised), due: map[string]user{},
		mail: newOutlet("mail", log, func() sender { return sources.Settings().mail }),
		hook: newOutlet("webhook", log, func() sender { return sources.Settings().webhook }),
	}
}

// Run works until ctx ends. What is not sent by then is lost; it is in the log.
func (a *Alerter) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, work := range []func(context.Context){a.dispatch, a.watch, a.mail.run, a.hook.run} {
		running.Go(func() { work(ctx) })
	}
	running.Wait()
}

// Observe implements [milter.Observer].
func (a *Alerter) Observe(d *milter.Decision) {
	config, v := &a.Settings().config, d.Verdict
	switch {
	case !config.Enabled:
	case v.Action.Passes() && v.Ticket.Sender != "" && config.wants(Window):
		a.noteUse(v)
	case config.wants(Refusal):
		if alert, worth := ofDecision(d, time.Now()); worth {
			a.raise(alert)
		}
	}
}

// ReloadFailed notes that a new configuration was not taken over.
func (a *Alerter) ReloadFailed(err error) {
	if a.Settings().config.wants(Reload) {
		a.raise(ofReload(err, time.Now()))
	}
}

// raise queues an alert, unless this relay has raised it. One that finds no room may be
// raised the next time.
func (a *Alerter) raise(alert Alert) {
	if !a.own.claim(alert.key, alert.once, alert.Time) {
		return
	}
	select {
	case a.raised <- alert:
		a.dropping.Store(false)
	default:
		a.own.forget(alert.key)
		a.dropped.Add(1)
		if !a.dropping.Swap(true) {
			a.log.Error(msgDropped, "channel", "all")
		}
	}
}

// dispatch raises what is queued, if no other relay has.
func (a *Alerter) dispatch(ctx context.Context) {
	var gather gatherer
	tick := time.NewTicker(gatherEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if m := gather.due(now, a.Settings().relay); m != nil {
				a.send(m)
			}
		case alert := <-a.raised:
			s := a.Settings()
			if !s.claim(ctx, alert.key, alert.once) {
				continue
			}
			alert.Relay = s.relay
			a.counts[alert.Kind].Add(1)
			a.log.Warn(msgAlert, alert.attrs()...)
			if s.config.Digest != "" {
				a.remember(ctx, s, &alert)
			}
			if gather.single(&alert, time.Now()) {
				a.send(&Message{Subject: alert.subject(), Body: alert.body(), JSON: alert})
			}
		}
	}
}

// remember keeps an alert for the digest: in Redis, or else in this process.
func (a *Alerter) remember(ctx context.Context, s *Settings, alert *Alert) {
	if s.shared == nil {
		a.own.add(alert)
		return
	}
	err := s.shared.Add(ctx, alert)
	if err != nil {
		a.own.add(alert)
		if !a.unshared {
			a.log.Warn(msgNotShared, "error", err)
		}
	}
	a.unshared = err != nil
}

// send queues a message for all outlets.
func (a *Alerter) send(m *Message) {
	a.mail.put(m)
	a.hook.put(m)
}
