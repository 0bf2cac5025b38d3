package maillog

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var written = time.Date(2026, 1, 3, 6, 25, 0, 0, time.UTC)

func TestLines(t *testing.T) {
	for line, want := range map[string]string{
		`postfix/submission/smtpd[12]: connect from mail.test[192.0.2.1]`:                                                                      "1 ",
		`postfix/smtpd[12]: 4Fxy1z2BCDz9Yr: client=mail.test[192.0.2.1], sasl_method=PLAIN, sasl_username=mdurand`:                             "2 4Fxy1z2BCDz9Yr 192.0.2.1 mdurand",
		`postfix/smtpd[12]: ABCDE12345: client=unknown[2001:db8::1]:4711, sasl_method=LOGIN, sasl_username=a b@c.fr, sasl_sender=x@y`:          "2 ABCDE12345 2001:db8::1 a b@c.fr",
		`postfix/smtpd[12]: ABCDE12345: client=localhost[127.0.0.1], orig_queue_id=ABCDE, orig_client=mail.test[192.0.2.1]`:                    "2 ABCDE12345 127.0.0.1 ",
		`postfix/smtpd[12]: ABCDE12345: client=sendmail[unknown]`:                                                                              "2 ABCDE12345 invalid IP ",
		`postfix/smtpd[12]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <a@b>: Relay access denied; from=<x@y> to=<a@b>`:                "0",
		`postfix/smtpd[12]: ABCDE12345: reject: RCPT from x[192.0.2.1]: 550 5.1.1 <a@b>; from=<x@y> to=<a@b>`:                                  "0",
		`postfix/smtpd[12]: ABCDE12345: milter-reject: DATA from x[192.0.2.1]: 550 5.5.3 no; from=<x@y>`:                                       "4 ABCDE12345",
		`postfix/cleanup[9]: ABCDE12345: milter-reject: END-OF-MESSAGE from x[192.0.2.1]: 5.7.1 no; from=<x@y>`:                                "4 ABCDE12345",
		`postfix/cleanup[9]: ABCDE12345: message-id=<x@y>`:                                                                                     "3 ABCDE12345",
		`postfix/cleanup[9]: ABCDE12345: message-id=`:                                                                                          "3 ABCDE12345",
		`postfix-out/qmgr[1]: ABCDE12345: from=<a>, size=1, nrcpt=2>@b>, size=1234, nrcpt=151 (queue active)`:                                  "5 ABCDE12345 a>, size=1, nrcpt=2>@b 151",
		`postfix/qmgr[1]: ABCDE12345: from=<>, size=1234, nrcpt=1 (queue active)`:                                                              "5 ABCDE12345  1",
		`postfix/qmgr[1]: ABCDE12345: from=<a@b>, status=expired, returned to sender`:                                                          "0",
		`postfix/qmgr[1]: ABCDE12345: removed`:                                                                                                 "7 ABCDE12345",
		`postfix/smtp[3]: ABCDE12345: to=<a@b>, relay=mx.b[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok to=<x@y>, )`: "6 ABCDE12345 a@b ",
		`postfix/lmtp[3]: ABCDE12345: to=<a@b>, orig_to=<Root>, relay=dovecot, delay=1, dsn=2.0.0, status=sent (ok)`:                           "6 ABCDE12345 a@b Root",
		`postfix/qmgr[1]: ABCDE12345: to=<a@b>, relay=none, delay=1, dsn=4.4.1, status=deferred (delivery temporarily suspended)`:              "6 ABCDE12345 a@b ",
		`postfix/bounce[4]: ABCDE12345: sender non-delivery notification: BCDEF12345`:                                                          "0",
		`postfix/smtpd[12]: disconnect from x[192.0.2.1] ehlo=1 auth=1 mail=1/2 rcpt=3/4 data=1 quit=1 commands=8/10`:                          "8  1 3",
		`postfix/smtpd[12]: disconnect from x[192.0.2.1]`:                                                                                      "8  -1 -1",
		`postfix/smtpd[12]: disconnect from x[192.0.2.1] ehlo=1 mail=1 quit=1 commands=3`:                                                      "8  1 0",
		`postfix/smtpd[12]: warning: hostname x does not resolve`:                                                                              "0",
		`postfix/anvil[5]: statistics: max connection rate 1/60s`:                                                                              "0",
		`dovecot: imap-login: Login: user=<a>`:                                                                                                 "0",
		`last message repeated 2 times`:                                                                                                        "0",
	} {
		var e Event
		if err := NewClock(written, time.UTC).parse([]byte("Jan  2 16:32:01 relay1 "+line), &e); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if got := shown(&e); got != want {
			t.Errorf("%s\n got %q\nwant %q", line, got, want)
		}
		if string(e.Host) != "relay1" || !e.Time.Equal(time.Date(2026, 1, 2, 16, 32, 1, 0, time.UTC)) {
			t.Errorf("%s: host %s, time %v", line, e.Host, e.Time)
		}
	}
}

// shown tells an event's kind, and what goes with it.
func shown(e *Event) string {
	switch e.Kind {
	case Other:
		return "0"
	case Begun:
		return fmt.Sprintf("%d %s %v %s", e.Kind, e.ID, e.Client, e.Login)
	case Queued:
		return fmt.Sprintf("%d %s %s %d", e.Kind, e.ID, e.From, e.Recipients)
	case Delivered:
		return fmt.Sprintf("%d %s %s %s", e.Kind, e.ID, e.To, e.Original)
	case Disconnected:
		return fmt.Sprintf("%d %s %d %d", e.Kind, e.ID, e.Mails, e.RcptTos)
	default:
		return fmt.Sprintf("%d %s", e.Kind, e.ID)
	}
}

func TestDamagedLines(t *testing.T) {
	for line, want := range map[string]error{
		"":                         errStamp,
		"nonsense":                 errStamp,
		"Jax  2 16:32:01 relay1 x": errStamp,
		"Jan 32 16:32:01 relay1 postfix/qmgr[1]: x": errDate,
		"Jan  2 25:32:01 relay1 x":                  errStamp,
		"Jan  2 16:32:01 relay1":                    errHost,
		"2026-13-02T16:32:01Z relay1 x: y":          errStamp,
		"2026-01-02T16:32:01 relay1 x: y":           errStamp,
		"Jan  2 16:32:01 relay1 postfix/qmgr[1]: ABCDE12345: from=<a@b>, size=1, nrcpt=x (queue active)": errLine,
		"Jan  2 16:32:01 relay1 postfix/qmgr[1]: ABCDE12345: from=<a@b, size=1, nrcpt=1":                 errLine,
		"Jan  2 16:32:01 relay1 postfix/smtpd[1]: ABCDE12345: client=x":                                  errLine,
		"Jan  2 16:32:01 relay1 postfix/smtp[1]: ABCDE12345: to=<x, status=sent":                         errLine,
	} {
		var e Event
		if err := NewClock(written, time.UTC).parse([]byte(line), &e); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", line, err, want)
		}
	}
}

func TestStamps(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for stamp, want := range map[string]string{
		"Jan  2 16:32:01":                  "2026-01-02T15:32:01Z",
		"Jul 12 16:32:01.5":                "2025-07-12T14:32:01.5Z",
		"Jan  4 05:00:00":                  "2026-01-04T04:00:00Z", // a copy's time may lag
		"Jan  5 05:00:00":                  "2025-01-05T04:00:00Z",
		"Feb 29 00:00:00":                  "2024-02-28T23:00:00Z",
		"2026-01-02T16:32:01.123456+01:00": "2026-01-02T15:32:01.123456Z",
		"2026-01-02T16:32:01+0100":         "2026-01-02T15:32:01Z",
		"2026-01-02T16:32:01-05:30":        "2026-01-02T22:02:01Z",
		"2026-01-02T16:32:01Z":             "2026-01-02T16:32:01Z",
	} {
		got, rest, err := NewClock(written, paris).stamp([]byte(stamp + " rest"))
		if err != nil || got.UTC().Format(time.RFC3339Nano) != want || string(rest) != "rest" {
			t.Errorf("%s: %v, %q, %v", stamp, got.UTC(), rest, err)
		}
	}
}

// A file written in January holds the end of December of the year before.
func TestTheYearChanges(t *testing.T) {
	c := NewClock(written, time.UTC)
	var got []string
	for _, stamp := range []string{"Dec 27 06:25:00", "Dec 31 23:59:59", "Jan  1 00:00:00", "Dec 31 23:59:59", "Jan  3 06:24:00"} {
		at, _, err := c.stamp([]byte(stamp + " x"))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, at.Format(time.DateOnly))
	}
	if want := "[2025-12-27 2025-12-31 2026-01-01 2025-12-31 2026-01-03]"; fmt.Sprint(got) != want || !c.Inferred {
		t.Errorf("%v", got)
	}
	// Of a file that spans years, what cannot be dated is said to be so.
	c = NewClock(written, time.UTC)
	for _, stamp := range []string{"Jan  1 00:00:00", "May  1 00:00:00"} {
		_, _, err := c.stamp([]byte(stamp + " x"))
		if (err == nil) != (stamp[0] == 'J') {
			t.Error(stamp, err)
		}
	}
}

// logs writes files, the name of one that ends in .gz compressed, and returns a folder.
func logs(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		var b bytes.Buffer
		if strings.HasSuffix(name, ".gz") {
			z := gzip.NewWriter(&b)
			if _, err := z.Write([]byte(text)); err != nil || z.Close() != nil {
				t.Fatal(err)
			}
		} else {
			b.WriteString(text)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func ids(t *testing.T, r *Reader) (ids string) {
	t.Helper()
	for e := r.Next(); e != nil; e = r.Next() {
		ids += string(e.ID) + " "
	}
	return ids
}

func removed(stamp, id string) string {
	return stamp + " relay1 postfix/qmgr[1]: " + id + ": removed\n"
}

// Rotated files are read in the order of time, whatever the order of their names; so are
// those of two relays; and lines that are in two files come one after the other.
func TestMerge(t *testing.T) {
	dir := logs(t, map[string]string{
		"mail.log":      removed("Jan  2 00:00:05", "AAAA5") + removed("Jan  2 00:00:06", "AAAA6"),
		"mail.log.1":    removed("Jan  1 00:00:03", "AAAA3") + "\nbroken\n" + removed("Jan  1 00:00:03", "AAAA4"),
		"mail.log.2.gz": removed("Dec 31 00:00:01", "AAAA1") + removed("Dec 31 00:00:02", "AAAA2"),
		"relay2.log":    removed("2025-12-31T00:00:01.5Z", "BBBB1") + removed("2026-01-01T12:00:00Z", "BBBB2"),
		"mail.info":     removed("Jan  1 00:00:03", "AAAA3") + removed("Jan  1 00:00:03", "AAAA4"),
		"empty.log":     "Jan  1 00:00:00 relay1 cron[1]: x\nto=<anne@example.org>, damaged\n",
	})
	var names []string
	for _, name := range []string{"mail.log", "mail.log.1", "mail.log.2.gz", "relay2.log", "mail.info", "mail.log", "empty.log", "none.log"} {
		names = append(names, filepath.Join(dir, name))
	}
	r, err := Open(names, nil, nil, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ids(t, r), "AAAA1 BBBB1 AAAA2 AAAA3 AAAA3 AAAA4 AAAA4 BBBB2 AAAA5 AAAA6 "; got != want {
		t.Errorf("%s", got)
	}
	if r.Trouble.Lines != 2 || !strings.HasSuffix(r.Trouble.First, "empty.log:2: it does not begin with a time") ||
		len(r.Trouble.Files) != 1 || !r.Inferred || r.Lines != 14 {
		t.Errorf("%+v", r.Told)
	}
	if _, err := Open([]string{filepath.Join(dir, "none.log")}, nil, nil, time.UTC); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// Nothing can be read of a file that is named twice and is no log.
func TestOpenTwice(t *testing.T) {
	dir := logs(t, map[string]string{"mail.log": "\xfd7zXZ\x00"})
	name := filepath.Join(dir, "mail.log")
	if r, err := Open([]string{name, name}, nil, nil, time.UTC); err == nil {
		t.Errorf("%+v", r.Told)
	}
}

func TestStdinAndJournal(t *testing.T) {
	const journal = `{"__REALTIME_TIMESTAMP":"1767312000000000","_HOSTNAME":"relay1","SYSLOG_IDENTIFIER":"postfix/submission/smtpd","_PID":"12",` +
		`"MESSAGE":"ABCDE12345: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=anne"}`
	r, err := Open([]string{"-"}, strings.NewReader(journal+"\n{bad\n"), nil, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	e := r.Next()
	if e == nil || e.Kind != Begun || e.Client != netip.MustParseAddr("192.0.2.1") || string(e.Login) != "anne" || string(e.Instance()) != "postfix" ||
		string(e.Tag) != "postfix/submission/smtpd[12]" || e.Time.Unix() != 1767312000 {
		t.Fatalf("%+v", e)
	}
	if r.Next() != nil || r.Trouble.Lines != 1 {
		t.Errorf("%+v", r.Told)
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"Jan  2 16:32:01 relay1 postfix/smtpd[12]: 4Fxy1z2BCDz9Yr: client=mail.test[192.0.2.1], sasl_method=PLAIN, sasl_username=mdurand",
		"2026-01-02T16:32:01.5+01:00 relay1 postfix/qmgr[1]: ABCDE12345: from=<a@b>, size=1234, nrcpt=151 (queue active)",
		"Feb 29 16:32:01 relay1 postfix/lmtp[3]: ABCDE12345: to=<a@b>, orig_to=<Root>, relay=dovecot, delay=1, dsn=2.0.0, status=sent (ok)",
		"Jan  2 16:32:01 relay1 postfix/smtpd[12]: disconnect from x[192.0.2.1] ehlo=1 mail=1/2 rcpt=3/4",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var e Event
		c := NewClock(written, time.UTC)
		if err := c.parse(line, &e); err != nil || e.Kind == Other {
			return
		}
		if e.Recipients < 0 || e.Kind != Connected && e.Kind != Disconnected && len(e.ID) == 0 {
			t.Errorf("%q: %+v", line, e)
		}
		if e.Time.Year() > 9999 {
			t.Errorf("%q: %v", line, e.Time)
		}
	})
}
