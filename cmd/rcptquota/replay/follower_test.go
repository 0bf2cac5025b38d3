package replay

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/maillog"
	"github.com/rcptquota/rcptquota/quota"
)

// hour writes lines of the mail log of one hour: "MM:SS postfix/smtpd[1]: …".
func hour(lines string) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line != "" {
			minute, text, _ := strings.Cut(line, " ")
			fmt.Fprintf(&b, "2026-01-02T03:%s+00:00 relay1 %s\n", minute, text)
		}
	}
	return b.String()
}

// told are the messages handed on, and what became of the others.
func told(t *testing.T, rules *quota.Rules, log string) string {
	t.Helper()
	var all []string
	j := newJudge(rules, nil, []string{"Archive@y.test"})
	f := newFollower((&Replay{Rules: rules}).wanted, func(m *message) {
		o := j.decide(t.Context(), m)
		all = append(all, fmt.Sprintf("%s %s %d-%d stopped=%v sure=%v", m.id, m.login, o.least, o.most, o.stopped, o.sure))
	})
	r := open(t, log)
	for e := r.Next(); e != nil; e = r.Next() {
		f.follow(e)
	}
	f.finish()
	if len(f.senders) > 0 || f.open.Len() > 0 {
		t.Errorf("it remembers %v", slices.Collect(maps.Keys(f.senders)))
	}
	for _, h := range f.hosts {
		if len(h.open) > 0 {
			t.Errorf("it remembers %v", slices.Collect(maps.Keys(h.open)))
		}
	}
	if f.Fates != (Fates{}) {
		all = append(all, fmt.Sprintf("%+v", f.Fates))
	}
	return strings.Join(all, "; ")
}

func TestFollow(t *testing.T) {
	for _, c := range []struct{ name, log, want string }{
		{"a message", `
			00:00 postfix/smtpd[1]: connect from x[192.0.2.1]
			00:01 postfix/smtpd[1]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			00:02 postfix/cleanup[2]: ABCDE1: message-id=<m@x>
			00:02 postfix/qmgr[3]: ABCDE1: from=<anne@x>, size=1, nrcpt=2 (queue active)
			00:03 postfix/smtp[4]: ABCDE1: to=<a@y.test>, relay=none, delay=1, dsn=4.0.0, status=deferred (x)
			00:04 postfix/lmtp[4]: ABCDE1: to=<b@y.test>, relay=none, delay=1, dsn=2.0.0, status=sent (x)
			00:05 postfix/smtpd[1]: disconnect from x[192.0.2.1] mail=1 rcpt=2
			30:00 postfix/qmgr[3]: ABCDE1: from=<anne@x>, size=1, nrcpt=1 (queue active)
			30:01 postfix/smtp[4]: ABCDE1: to=<a@y.test>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			30:02 postfix/qmgr[3]: ABCDE1: removed`,
			"ABCDE1 anne 2-2 stopped=false sure=true"},
		{"only numbers", `
			00:01 postfix/smtpd[1]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			00:02 postfix/cleanup[2]: ABCDE1: message-id=<m@x>
			00:02 postfix/qmgr[3]: ABCDE1: from=<anne@x>, size=1, nrcpt=3 (queue active)
			00:05 postfix/qmgr[3]: ABCDE1: removed
			01:01 postfix/smtpd[2]: ABCDE2: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			01:02 postfix/cleanup[2]: ABCDE2: message-id=<m@x>
			01:02 postfix/qmgr[3]: ABCDE2: from=<anne@x>, size=1, nrcpt=5 (queue active)
			01:03 postfix/smtp[4]: ABCDE2: to=<a@y.test>, relay=none, delay=1, dsn=4.0.0, status=deferred (x)
			01:05 postfix/qmgr[3]: ABCDE2: removed`,
			"ABCDE1 anne 1-3 stopped=false sure=true; ABCDE2 anne 1-5 stopped=true sure=false"},
		{"an alias is one recipient, and what is always added is none", `
			00:01 postfix/smtpd[1]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			00:02 postfix/cleanup[2]: ABCDE1: message-id=<m@x>
			00:02 postfix/qmgr[3]: ABCDE1: from=<anne@x>, size=1, nrcpt=3 (queue active)
			00:03 postfix/smtp[4]: ABCDE1: to=<a@y.test>, orig_to=<all@x>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			00:03 postfix/smtp[4]: ABCDE1: to=<b@y.test>, orig_to=<all@x>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			00:03 postfix/smtp[4]: ABCDE1: to=<archive@y.test>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			00:05 postfix/qmgr[3]: ABCDE1: removed
			00:06 postfix/smtpd[1]: disconnect from x[192.0.2.1] mail=1 rcpt=1`,
			"ABCDE1 anne 1-1 stopped=false sure=true"},
		{"more names than the client gave", `
			00:01 postfix/smtpd[1]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			00:02 postfix/cleanup[2]: ABCDE1: message-id=<m@x>
			00:02 postfix/qmgr[3]: ABCDE1: from=<anne@x>, size=1, nrcpt=2 (queue active)
			00:03 postfix/smtp[4]: ABCDE1: to=<a@y.test>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			00:03 postfix/smtp[4]: ABCDE1: to=<copies@y.test>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			00:05 postfix/qmgr[3]: ABCDE1: removed
			00:06 postfix/smtpd[1]: disconnect from x[192.0.2.1] mail=1 rcpt=1`,
			"ABCDE1 anne 1-2 stopped=false sure=true"},
		{"two instances with one id at once, one of whose smtpd has another name", `
			00:01 submission/smtpd[1]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			00:01 postfix-out/smtpd[7]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=bob
			00:02 postfix/cleanup[2]: ABCDE1: message-id=<m@x>
			00:02 postfix/qmgr[3]: ABCDE1: from=<anne@x>, size=1, nrcpt=1 (queue active)
			00:02 postfix-out/cleanup[8]: ABCDE1: message-id=<m@x>
			00:02 postfix-out/qmgr[9]: ABCDE1: from=<bob@x>, size=1, nrcpt=2 (queue active)
			00:03 postfix-out/smtp[5]: ABCDE1: to=<a@y.test>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			00:03 postfix/smtp[4]: ABCDE1: to=<a@y.test>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			00:03 postfix-out/smtp[5]: ABCDE1: to=<b@y.test>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			00:05 postfix-out/qmgr[9]: ABCDE1: removed
			00:05 postfix/qmgr[3]: ABCDE1: removed`,
			"ABCDE1 anne 1-1 stopped=false sure=true; ABCDE1 bob 2-2 stopped=false sure=true"},
		{"an id that is used again, and the first end is missing", `
			00:01 postfix/smtpd[1]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			00:02 postfix/cleanup[2]: ABCDE1: message-id=<m@x>
			00:02 postfix/qmgr[3]: ABCDE1: from=<anne@x>, size=1, nrcpt=1 (queue active)
			10:01 postfix/smtpd[1]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=bob
			10:02 postfix/cleanup[2]: ABCDE1: message-id=<m@x>
			10:02 postfix/qmgr[3]: ABCDE1: from=<bob@x>, size=1, nrcpt=1 (queue active)
			10:03 postfix/smtp[4]: ABCDE1: to=<a@y.test>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			10:05 postfix/qmgr[3]: ABCDE1: removed`,
			"ABCDE1 anne 1-1 stopped=false sure=true; ABCDE1 bob 1-1 stopped=false sure=true"},
		{"refused, then sent to fewer in the same transaction", `
			00:01 postfix/smtpd[1]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			00:02 postfix/smtpd[1]: ABCDE1: milter-reject: DATA from x[192.0.2.1]: 550 5.5.3 too many; from=<anne@x>
			00:03 postfix/cleanup[2]: ABCDE1: message-id=<m@x>
			00:03 postfix/qmgr[3]: ABCDE1: from=<anne@x>, size=1, nrcpt=1 (queue active)
			00:04 postfix/smtp[4]: ABCDE1: to=<a@y.test>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			00:05 postfix/qmgr[3]: ABCDE1: removed`,
			"ABCDE1 anne 1-1 stopped=false sure=true"},
		{"messages that did not go, in one session", `
			00:01 postfix/smtpd[1]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			00:02 postfix/smtpd[1]: ABCDE1: milter-reject: DATA from x[192.0.2.1]: 550 5.5.3 too many; from=<anne@x>
			00:03 postfix/smtpd[1]: ABCDE2: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			00:04 postfix/cleanup[2]: ABCDE2: message-id=<m@x>
			00:04 postfix/cleanup[2]: ABCDE2: milter-reject: END-OF-MESSAGE from x[192.0.2.1]: 5.7.1 virus; from=<anne@x>
			00:05 postfix/smtpd[1]: ABCDE3: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			00:06 postfix/smtpd[1]: disconnect from x[192.0.2.1] mail=3 rcpt=3
			00:07 postfix/smtpd[1]: ABCDE4: client=x[192.0.2.1]
			00:08 postfix/smtpd[9]: ABCDE5: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=bob
			00:09 postfix/cleanup[2]: ABCDE5: message-id=<m@x>`,
			"{Unauthenticated:1 Rejected:2 Unfinished:2 Twice:0}"},
		{"a sender's messages in the order of their DATA", `
			00:01 postfix/smtpd[1]: ABCDE1: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=Anne
			00:02 postfix/smtpd[2]: ABCDE2: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne
			00:03 postfix/cleanup[2]: ABCDE2: message-id=<m@x>
			00:03 postfix/qmgr[3]: ABCDE2: from=<anne@x>, size=1, nrcpt=1 (queue active)
			00:04 postfix/cleanup[2]: ABCDE1: message-id=<m@x>
			00:04 postfix/qmgr[3]: ABCDE1: from=<anne@x>, size=1, nrcpt=1 (queue active)
			00:05 postfix/smtp[4]: ABCDE1: to=<a@y.test>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			00:05 postfix/qmgr[3]: ABCDE1: removed
			00:05 postfix/smtpd[1]: disconnect from x[192.0.2.1] mail=1 rcpt=1
			00:06 postfix/smtpd[2]: disconnect from x[192.0.2.1] mail=1 rcpt=1
			40:05 postfix/smtp[4]: ABCDE2: to=<a@y.test>, relay=x, delay=1, dsn=2.0.0, status=sent (x)
			40:05 postfix/qmgr[3]: ABCDE2: removed`,
			"ABCDE2 anne 1-1 stopped=false sure=true; ABCDE1 Anne 1-1 stopped=false sure=true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := told(t, rulesOf(t, 10, window(time.Hour, 5, "copies")), hour(c.log)); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// A message whose end never comes does not hold up its sender's others for ever, and more
// messages than are followed at once end early.
func TestGivesUp(t *testing.T) {
	f := newFollower((&Replay{}).wanted, nil)
	var done []string
	f.done = func(m *message) { done = append(done, m.id) }
	var b strings.Builder
	log := newFakeLog(&b)
	at := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	for i, after := range []time.Duration{0, time.Hour, giveUpAfter + time.Minute} {
		log.message(&fakeMessage{id: fmt.Sprint("ABCDE", i), login: "anne", host: "relay1", smtpd: fmt.Sprintf("postfix/smtpd[%d]", i),
			instance: "postfix", at: at.Add(after), deliveries: []string{"a@y.test"}, nrcpt: 1, rcpts: -1})
	}
	if err := log.finish(); err != nil {
		t.Fatal(err)
	}
	r := open(t, strings.ReplaceAll(strings.ReplaceAll(b.String(), "ABCDE0: to=", "x"), "ABCDE0: removed", "x"))
	var before int
	for e := r.Next(); e != nil; e = r.Next() {
		f.follow(e)
		if e.Time.Before(at.Add(giveUpAfter)) {
			before = len(done)
		}
	}
	if before != 0 || strings.Join(done, " ") != "ABCDE0 ABCDE1 ABCDE2" {
		t.Errorf("%d before its time; %v", before, done)
	}
}

// Nor does it hold up more than so many.
func TestManyWait(t *testing.T) {
	done := 0
	f := newFollower((&Replay{}).wanted, func(*message) { done++ })
	var b strings.Builder
	log := newFakeLog(&b)
	at := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	for i := range maxWaiting + 1 {
		log.message(&fakeMessage{id: fmt.Sprintf("%06X", i), login: "anne", host: "relay1", smtpd: fmt.Sprintf("postfix/smtpd[%d]", i),
			instance: "postfix", at: at.Add(time.Duration(i) * time.Second), deliveries: []string{"a@y.test"}, rcpts: -1})
	}
	if err := log.finish(); err != nil {
		t.Fatal(err)
	}
	r := open(t, strings.ReplaceAll(b.String(), "000000: to=", "x"))
	for e := r.Next(); e != nil && string(e.Tag) != "postfix/smtpd[10000]"; e = r.Next() {
		if string(e.ID) != "000000" || e.Kind != maillog.Removed {
			f.follow(e)
		}
	}
	if done != 0 {
		t.Errorf("%d are done although the first is not", done)
	}
	for e := r.Next(); e != nil; e = r.Next() {
		f.follow(e)
	}
	if done != maxWaiting+1 {
		t.Errorf("%d are done", done)
	}
}
