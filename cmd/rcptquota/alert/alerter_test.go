package alert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
)

// fakeSender keeps what it sends.
type fakeSender struct {
	mu   sync.Mutex
	sent []string // subjects
	err  error
	hang bool
}

func (f *fakeSender) send(ctx context.Context, m *Message) error {
	f.mu.Lock()
	hang, err := f.hang, f.err
	f.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.sent = append(f.sent, m.Subject)
	}
	return err
}

func (f *fakeSender) set(change func(*fakeSender)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fakeSender) subjects() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sent)
}

// rig is a running alerter, within a bubble.
type rig struct {
	*Alerter
	T          *testing.T // of the bubble
	mail, hook *fakeSender
	settings   *Settings

	mu    sync.Mutex
	log   bytes.Buffer
	state State
	used  int
	asked int // how often the windows were looked at
}

func (r *rig) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(line)
}

// lines is how many lines of the log have the text.
func (r *rig) lines(text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Count(r.log.String(), text)
}

func (r *rig) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// run runs an alerter in a bubble, with what change makes of its configuration.
func run(t *testing.T, change func(*Config), story func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		config := Default()
		config.Enabled = true
		change(&config)
		r := &rig{T: t, mail: &fakeSender{}, hook: &fakeSender{}}
		r.settings = &Settings{config: config, relay: "mx1", mail: r.mail, webhook: r.hook}
		r.Alerter = New(slog.New(slog.NewTextHandler(r, nil)), Sources{
			Settings: func() *Settings { return r.settings },
			State: func() State {
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.state
			},
			Uses: func(context.Context, string, string) ([]Use, error) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.asked++
				return []Use{{quota.Window{Per: time.Hour, Recipients: 100}, r.used}}, nil
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { r.Run(ctx) })
		story(r)
		cancel()
		running.Wait()
	})
}

func (r *rig) refuse(sender string) {
	d := refused()
	d.Sender = sender
	r.Observe(d)
}

func (r *rig) expect(t *testing.T, subjects ...string) {
	t.Helper()
	synctest.Wait()
	for _, sender := range []*fakeSender{r.mail, r.hook} {
		if got := sender.subjects(); !slices.Equal(got, subjects) {
			t.Errorf("sent %q, want %q", got, subjects)
		}
	}
}

// wait waits on the bubble's clock.
func wait(d time.Duration) { time.Sleep(d) } //nolint:forbidigo // the bubble's clock

func all(*Config) {}

func TestTheFirstRefusalOfADay(t *testing.T) {
	run(t, all, func(r *rig) {
		t := r.T
		for range 3 {
			r.refuse("anne")
			r.refuse("Anne")
		}
		r.refuse("bruno")
		r.expect(t, "rcptquota: mail of anne was refused", "rcptquota: mail of bruno was refused")
		if r.lines("level=WARN msg=alert kind=refusal queue_id=4Fxy sender=anne class=ecollege31 reason=message_limit recipients=151 limit=150") != 1 {
			t.Errorf("log:\n%s", r.log.String())
		}
		wait(day)
		r.refuse("anne")
		r.expect(t, "rcptquota: mail of anne was refused", "rcptquota: mail of bruno was refused", "rcptquota: mail of anne was refused")
		if s := r.Stats(); s.Raised[Refusal] != 3 || s.Dropped != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestOnlyWhatIsWanted(t *testing.T) {
	run(t, func(c *Config) { c.On = []string{"reload"} }, func(r *rig) {
		t := r.T
		r.refuse("anne")
		r.set(func() { r.state.Store = "away" })
		wait(10 * time.Minute)
		r.ReloadFailed(errors.New("no"))
		r.expect(t, "rcptquota: the new configuration was not loaded")
	})
	run(t, func(c *Config) { c.Enabled = false }, func(r *rig) {
		t := r.T
		r.refuse("anne")
		r.ReloadFailed(errors.New("no"))
		r.set(func() { r.state.Store = "away" })
		wait(10 * time.Minute)
		r.expect(t)
		if r.log.Len() > 0 {
			t.Errorf("log:\n%s", r.log.String())
		}
	})
}

// TestASenderCloseToALimit: each sender of a passed message is looked at once in a while,
// however many messages there are.
func TestASenderCloseToALimit(t *testing.T) {
	run(t, all, func(r *rig) {
		t := r.T
		passed := &milter.Decision{Verdict: &quota.Verdict{
			Action: quota.Accept, Facts: quota.Facts{Sender: "anne"}, Due: quota.Due{Ticket: quota.Ticket{Sender: "uid=anne"}},
		}}
		r.set(func() { r.used = 79 })
		for range 1000 {
			r.Observe(passed)
		}
		wait(watchEvery + time.Second)
		r.expect(t)
		r.set(func() { r.used = 80 })
		for range 3 {
			r.Observe(passed)
			wait(watchEvery + time.Second)
		}
		r.expect(t, "rcptquota: anne is close to a limit")
		if r.asked != 4 {
			t.Errorf("asked %d times", r.asked)
		}
	})
}

func TestAnOutage(t *testing.T) {
	run(t, all, func(r *rig) {
		t := r.T
		r.set(func() { r.state = State{Store: "connection refused"} })
		wait(30 * time.Second)
		r.set(func() { r.state = State{} })
		wait(time.Minute)
		r.expect(t) // too short
		r.set(func() { r.state = State{Store: "connection refused", Roster: "LDAP is away"} })
		wait(5 * time.Minute)
		r.expect(t, "rcptquota: degraded", "rcptquota: the premium roster is not up to date")
		r.set(func() { r.state = State{Roster: "LDAP is away"} })
		wait(5 * time.Minute)
		r.expect(t, "rcptquota: degraded", "rcptquota: the premium roster is not up to date", "rcptquota: no longer: degraded")
		if r.lines(`msg=alert kind=degraded problem="connection refused"`) != 1 || r.lines("msg=alert kind=degraded over=true") != 1 {
			t.Errorf("log:\n%s", r.log.String())
		}
	})
}

// TestAFailingSink: one that fails is logged once, tried again within bounds, and does not
// hold up the other.
func TestAFailingSink(t *testing.T) {
	run(t, all, func(r *rig) {
		t := r.T
		r.hook.set(func(f *fakeSender) { f.err = errors.New("503") })
		r.refuse("anne")
		r.refuse("bruno")
		wait(time.Minute)
		if got := r.mail.subjects(); len(got) != 2 {
			t.Errorf("mailed %q", got)
		}
		wait(20 * time.Minute) // both are given up
		if s := r.Stats(); s.Undelivered["webhook"] != 2 || s.Undelivered["mail"] != 0 {
			t.Errorf("%+v", s)
		}
		r.refuse("chloe")
		wait(15 * time.Second)
		r.hook.set(func(f *fakeSender) { f.err = nil })
		wait(2 * time.Minute)
		if got := r.hook.subjects(); !slices.Equal(got, []string{"rcptquota: mail of chloe was refused"}) {
			t.Errorf("posted %q", got)
		}
		if r.lines("msg=alert_not_sent channel=webhook error=503") != 1 || r.lines("msg=alert_sent_again channel=webhook") != 1 {
			t.Errorf("log:\n%s", r.log.String())
		}
	})
}

// TestAHangingSink: what finds no room is dropped, and told once; nobody waits.
func TestAHangingSink(t *testing.T) {
	run(t, all, func(r *rig) {
		t := r.T
		r.hook.set(func(f *fakeSender) { f.hang = true })
		start := time.Now()
		for i := range 200 {
			r.ReloadFailed(fmt.Errorf("mistake %d", i))
			synctest.Wait()
		}
		if !time.Now().Equal(start) {
			t.Errorf("messages waited for %v", time.Since(start))
		}
		if got := r.mail.subjects(); len(got) != 200 {
			t.Errorf("mailed %d", len(got))
		}
		if s := r.Stats(); s.Undelivered["webhook"] != 200-maxWaiting-1 || r.lines("msg=alerts_dropped channel=webhook") != 1 {
			t.Errorf("%+v\n%s", s, r.log.String())
		}
	})
}

// TestAStorm: of thousands of senders who are refused at once, the first ones are told
// each in a message, and the others together. What is not about senders is told at once.
func TestAStorm(t *testing.T) {
	run(t, all, func(r *rig) {
		t := r.T
		for i := range 10_000 {
			r.refuse(fmt.Sprint("sender", i))
			synctest.Wait()
		}
		r.ReloadFailed(errors.New("no"))
		synctest.Wait()
		if got := r.mail.subjects(); len(got) != singleBurst+1 || got[singleBurst] != "rcptquota: the new configuration was not loaded" {
			t.Errorf("mailed %d", len(got))
		}
		wait(singleEvery + gatherEvery)
		got := r.mail.subjects()
		if len(got) != singleBurst+2 || !strings.HasPrefix(got[singleBurst+1], "rcptquota: 9980 more alerts since ") || !strings.HasSuffix(got[singleBurst+1], ": 9980 refusal") {
			t.Errorf("mailed %d, the last %q", len(got), got[len(got)-1])
		}
		if n := r.lines("msg=alert kind=refusal "); n != 10_000 {
			t.Errorf("%d are in the log", n)
		}
		wait(singleBurst * singleEvery)
		r.refuse("anne")
		synctest.Wait()
		if got := r.mail.subjects(); got[len(got)-1] != "rcptquota: mail of anne was refused" {
			t.Errorf("the last is %q", got[len(got)-1])
		}
	})
}

// TestTooManyAtOnce: alerts that find no room are dropped, told once, and raised when the
// cause comes again.
func TestTooManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{}
		a := New(slog.New(slog.NewTextHandler(r, nil)), Sources{Settings: func() *Settings { return &Settings{config: Config{Enabled: true}} }})
		r.Alerter = a
		for i := range maxRaised + 10 {
			r.refuse(fmt.Sprint("sender", i))
		}
		if s := a.Stats(); s.Dropped != 10 || r.lines("msg=alerts_dropped channel=all") != 1 {
			t.Errorf("%+v\n%s", s, r.log.String())
		}
		<-a.raised
		r.refuse(fmt.Sprint("sender", maxRaised))
		if s := a.Stats(); s.Dropped != 10 {
			t.Errorf("dropped again: %+v", s)
		}
	})
}

func TestDigest(t *testing.T) {
	run(t, func(c *Config) { c.Digest = "07:30" }, func(r *rig) {
		t := r.T
		wait(2 * day)
		r.expect(t) // nothing to tell
		r.refuse("anne")
		r.refuse("bruno")
		wait(day)
		got := r.mail.subjects()
		if len(got) != 3 || got[2] != "rcptquota: 2 alerts in the last 24 hours: 2 refusal" {
			t.Errorf("sent %q", got)
		}
		wait(2 * day)
		if got := r.mail.subjects(); len(got) != 3 {
			t.Errorf("sent %q", got)
		}
	})
}

func TestTheMemoryOfThisProcessIsBounded(t *testing.T) {
	m := newMemory()
	for i := range maxJournal + 5 {
		m.add(&Alert{Time: noon.Add(time.Duration(i) * time.Second)})
	}
	if got := m.between(noon, noon.Add(day)); len(got) != maxJournal || !got[0].Time.Equal(noon.Add(5*time.Second)) {
		t.Errorf("%d from %v on", len(got), got[0].Time)
	}
	if got := m.between(noon.Add(10*time.Second), noon.Add(12*time.Second)); len(got) != 2 {
		t.Errorf("%d within 2 s", len(got))
	}
}
