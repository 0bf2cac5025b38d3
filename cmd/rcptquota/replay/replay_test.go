package replay

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/maillog"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
	"github.com/rcptquota/rcptquota/quota"
)

// threeMessages are of a trusted submitter, of an exempt client, and of anne, twice.
func threeMessages(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	log := newFakeLog(&b)
	at := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	for i, m := range []fakeMessage{
		{id: "ABCDE1", from: "program@x.test", deliveries: []string{"a@y.test", "b@y.test"}},
		{id: "ABCDE2", login: "exempt", from: "list@x.test", deliveries: []string{"a@y.test", "b@y.test", "c@y.test", "d@y.test"}},
		{id: "ABCDE3", login: "=anne", from: "anne@x.test", deliveries: []string{"a@y.test", "b@y.test", "c@y.test"}},
		{id: "ABCDE4", login: "=anne", from: "anne@x.test", deliveries: []string{"d@y.test"}},
		{id: "ABCDE5", from: "", deliveries: []string{"d@y.test"}},
	} {
		m.host, m.smtpd, m.instance, m.at = "relay1", "postfix/smtpd[1]", "postfix", at.Add(time.Duration(i)*10*time.Minute)
		log.message(&m)
	}
	if err := log.finish(); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(b.String(), "ABCDE1: client=client.test[192.0.2.1]", "ABCDE1: client=web.test[203.0.113.7]", 1)
	text = strings.Replace(text, "ABCDE5: client=client.test[192.0.2.1]", "ABCDE5: client=web.test[203.0.113.7]", 1)
	return strings.Replace(text, "ABCDE2: client=client.test[192.0.2.1]", "ABCDE2: client=sympa.test[198.51.100.4]", 1)
}

func question(t *testing.T) *Replay {
	t.Helper()
	c := quota.DefaultConfig()
	c.Classes = map[string]quota.ClassConfig{"all": {Recipients: new(3), Windows: []quota.WindowConfig{window(time.Hour, 3, "")}}}
	c.Senders.ExemptNetworks = []string{"198.51.100.0/24"}
	c.Senders.TrustedSubmitters = []string{"203.0.113.7"}
	rules, err := quota.Compile(&c)
	if err != nil {
		t.Fatal(err)
	}
	return &Replay{Rules: rules, Location: time.UTC}
}

func TestWhoIsJudged(t *testing.T) {
	var csv, text bytes.Buffer
	q := question(t)
	q.Stopped = &csv
	result, err := q.Run(t.Context(), open(t, threeMessages(t)))
	if err != nil {
		t.Fatal(err)
	}
	if result.Exempt != 1 || result.Unauthenticated != 1 || result.Total.Messages != 4 || result.Total.Stopped != (Bounds{1, 1}) {
		t.Errorf("%+v", result)
	}
	if !strings.HasSuffix(csv.String(), "\n2026-01-02T03:30:00Z,relay1,ABCDE4,'=anne,all,window,true,1,1,3,1h,3,\n") {
		t.Errorf("%s", csv.String())
	}
	result.WriteText(term.New(&text), nil, 1)
	for _, want := range []string{"4 messages of 3 senders to 10 recipients", "1 of them would have been refused", "- 1 message is from exempt networks.",
		"  3 distinct in 1h, class all        1", "  =anne   all           2        3        1"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, text.String())
		}
	}
}

// What came before --since counts in windows, and is not told.
func TestSince(t *testing.T) {
	q := question(t)
	q.Since = time.Date(2026, 1, 2, 3, 25, 0, 0, time.UTC)
	result, err := q.Run(t.Context(), open(t, threeMessages(t)))
	if err != nil || result.Outside != 3 || result.Total.Messages != 1 || result.Total.Stopped.Least != 1 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := question(t).Run(ctx, open(t, threeMessages(t))); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// While the directory is away, nothing is said to be sure.
func TestDirectoryAway(t *testing.T) {
	q := question(t)
	q.Directory = away{}
	result, err := q.Run(t.Context(), open(t, threeMessages(t)))
	if err != nil || result.Total.Stopped != (Bounds{0, 1}) || result.Degraded != 3 {
		t.Errorf("%+v, %v", result, err)
	}
}

type away struct{ *FromLog }

func (away) Sender(context.Context, string) (quota.Sender, error) {
	return quota.Sender{}, errors.New("away")
}

// Whatever a log says, each message is told once, and its numbers are in order.
func FuzzRun(f *testing.F) {
	f.Add([]byte(hour(`
		00:01 postfix/smtpd[1]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
		00:02 postfix/cleanup[2]: ABCDE1: message-id=<m@x>
		00:02 postfix/qmgr[3]: ABCDE1: from=<anne@x>, size=1, nrcpt=3 (queue active)
		00:03 postfix/smtp[4]: ABCDE1: to=<a@y.test>, orig_to=<all@x>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
		00:05 postfix/qmgr[3]: ABCDE1: removed
		00:06 postfix/smtpd[1]: disconnect from x[192.0.2.1] mail=1 rcpt=1`)))
	f.Fuzz(func(t *testing.T, log []byte) {
		if bytes.Contains(log, []byte("nrcpt=")) && len(log) > 4096 {
			return // many messages to very many each take long
		}
		r, err := maillog.Open([]string{"-"}, bytes.NewReader(log), nil, time.UTC)
		if err != nil {
			return
		}
		begun := bytes.Count(log, []byte("client="))
		result, err := smallQuestion(t).Run(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		n := result.Total.Messages + result.Unauthenticated + result.Rejected + result.Unfinished + result.Twice
		if n > begun || result.Recipients.Least > result.Recipients.Most || result.Total.Stopped.Least > result.Total.Stopped.Most {
			t.Errorf("%+v of %q", result, log)
		}
	})
}

func smallQuestion(t *testing.T) *Replay {
	t.Helper()
	return &Replay{Rules: rulesOf(t, 3, window(time.Hour, 4, "")), Location: time.UTC}
}
