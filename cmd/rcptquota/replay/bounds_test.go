package replay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/maillog"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/local"
	"github.com/rcptquota/rcptquota/test/random"
)

func window(per time.Duration, recipients int, count string) quota.WindowConfig {
	return quota.WindowConfig{Per: conf.Duration{Duration: per}, Recipients: recipients, Count: count}
}

// rulesOf compiles the rules of one class of everybody.
func rulesOf(t *testing.T, recipients int, windows ...quota.WindowConfig) *quota.Rules {
	t.Helper()
	c := quota.DefaultConfig()
	c.Classes = map[string]quota.ClassConfig{"all": {Recipients: &recipients, Windows: windows}}
	rules, err := quota.Compile(&c)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// syntheticRules are those of syntheticConfig.
func syntheticRules(t *testing.T) *quota.Rules {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rcptquota.toml")
	if err := os.WriteFile(path, []byte(syntheticConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &rulesFile{Config: quota.DefaultConfig()}
	if err := conf.Load(path, c); err != nil {
		t.Fatal(err)
	}
	return c.rules
}

// rulesFile is a configuration of rules alone.
type rulesFile struct {
	quota.Config
	rules *quota.Rules
}

func (f *rulesFile) Resolve(string) {}

func (f *rulesFile) Validate() (err error) {
	f.rules, err = quota.Compile(&f.Config)
	return err
}

func open(t *testing.T, log string) *maillog.Reader {
	t.Helper()
	return openReader(t, strings.NewReader(log))
}

func openReader(t *testing.T, log io.Reader) *maillog.Reader {
	t.Helper()
	r, err := maillog.Open([]string{"-"}, log, nil, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// outcomes replays a log, and returns what became of the messages, by id.
func outcomes(t *testing.T, rules *quota.Rules, log string) map[string]outcome {
	t.Helper()
	all := map[string]outcome{}
	j := newJudge(rules, nil, nil)
	f := newFollower((&Replay{}).wanted, func(m *message) { all[m.id] = j.decide(t.Context(), m) })
	r := open(t, log)
	for e := r.Next(); e != nil; e = r.Next() {
		f.follow(e)
	}
	f.finish()
	if r.Trouble.Any() {
		t.Errorf("%+v", r.Trouble)
	}
	return all
}

// truth is a message with what the log hides.
type truth struct {
	log        fakeMessage
	recipients []string
}

// obscure makes up a message and a log of it that hides something: repeated recipients,
// aliases, missing deliveries, recipients that something added, no numbers.
func obscure(r *rand.Rand, i int, at time.Time) truth {
	m := truth{log: fakeMessage{
		id: fmt.Sprintf("ABCDE%05d", i), login: fmt.Sprint("user", r.IntN(2)), from: "user@client.test", host: "relay1",
		smtpd: fmt.Sprintf("postfix/smtpd[%d]", i), instance: "postfix", at: at,
	}}
	for _, n := range r.Perm(12)[:1+r.IntN(8)] {
		m.recipients = append(m.recipients, fmt.Sprintf("r%d@x.test", n))
	}
	all := 0 // in the queue
	hides := r.IntN(12) == 0
	for _, name := range m.recipients {
		expansions := []string{name}
		if r.IntN(6) == 0 {
			expansions = nil
			for k := range 1 + r.IntN(3) {
				expansions = append(expansions, fmt.Sprintf("member%d@y.test %s", k, name))
			}
		}
		for _, d := range expansions {
			all++
			if !hides || r.IntN(10) > 0 {
				m.log.deliveries = append(m.log.deliveries, d)
			}
		}
	}
	m.log.rcpts = len(m.recipients)
	m.log.nrcpt = all
	if !hides {
		return m
	}
	switch r.IntN(5) {
	case 0:
		m.log.rcpts += r.IntN(3) // repeated
	case 1:
		m.log.rcpts = -1
	case 2:
		all++
		m.log.deliveries = append(m.log.deliveries, "archive@y.test")
	}
	m.log.nrcpt = all
	return m
}

// Whatever a log hides, what is said to be sure is true.
func TestBoundsHold(t *testing.T) {
	r := random.New(t)
	var sure, stopped, unsure int
	for range 300 {
		rules := rulesOf(t, 4+r.IntN(6), window(time.Hour, 10+r.IntN(5), "distinct"), window(3*time.Hour, 15+r.IntN(20), "copies"))
		var b bytes.Buffer
		log := newFakeLog(&b)
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		var messages []truth
		for i := range 40 {
			at = at.Add(time.Duration(1+r.IntN(900)) * time.Second)
			m := obscure(r, i, at)
			log.message(&m.log)
			messages = append(messages, m)
		}
		if err := log.finish(); err != nil {
			t.Fatal(err)
		}
		got := outcomes(t, rules, b.String())
		windows := local.NewSimulated()
		policy := quota.NewPolicy(rules, &FromLog{}, windows)
		for i := range messages {
			m := &messages[i]
			windows.SetTime(m.log.at)
			want := judged(t.Context(), policy, m)
			o, known := got[m.log.id]
			switch {
			case !known:
				t.Fatalf("%s is missing", m.log.id)
			case o.least > len(m.recipients) || o.most < len(m.recipients):
				t.Errorf("%s to %d, said to be %d to %d: %+v", m.log.id, len(m.recipients), o.least, o.most, m.log)
			case o.sure && o.stopped != want:
				t.Errorf("%s: surely stopped %v, truly %v: %+v", m.log.id, o.stopped, want, m.log)
			case !o.sure:
				unsure++
			default:
				sure++
				if o.stopped {
					stopped++
				}
			}
		}
		if t.Failed() {
			t.Fatal(b.String())
		}
	}
	t.Logf("sure of %d, of which %d are stopped; not of %d", sure, stopped, unsure)
	if sure < unsure || stopped == 0 || unsure == 0 {
		t.Error("the test says too little")
	}
}

// judged reports whether a message is stopped.
func judged(ctx context.Context, policy *quota.Policy, m *truth) bool {
	recipients := &quota.Recipients{}
	for _, a := range m.recipients {
		recipients.Add(a)
	}
	v := policy.Judge(ctx, &quota.Message{Login: m.log.login, EnvelopeSender: m.log.from, Recipients: recipients})
	if v.Ticket != (quota.Ticket{}) {
		_ = policy.Settle(ctx, v.Ticket, true)
	}
	return stops(&v)
}
