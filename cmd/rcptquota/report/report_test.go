package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/logfile"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
	"github.com/rcptquota/rcptquota/quota/history"
)

const refusedText = `time=2026-11-25T16:30:00.123+01:00 level=WARN msg=refused queue_id=4Fxy sender=mdurand class=ecollege31 reason=message_limit recipients=151 limit=150 client=192.0.2.1 role=submission elapsed_ms=0.06`

func TestParseLine(t *testing.T) {
	at := time.Date(2026, 11, 25, 15, 30, 0, 123e6, time.UTC)
	want := Record{at, Refused, "message_limit", "mdurand", "ecollege31", "", 151}
	journal, err := json.Marshal(map[string]string{"__REALTIME_TIMESTAMP": fmt.Sprint(at.UnixMicro()), "MESSAGE": strings.SplitN(refusedText, " ", 2)[1]})
	if err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]string{
		"logfmt":            refusedText,
		"behind syslog":     "Nov 25 16:30:00 relay1 rcptquota[42]: " + refusedText,
		"journal, no time":  string(journal),
		"JSON":              `{"time":"2026-11-25T16:30:00.123+01:00","level":"WARN","msg":"refused","sender":"mdurand","class":"ecollege31","reason":"message_limit","recipients":151}`,
		"value with spaces": strings.Replace(refusedText, " level", ` error="a \"b\" msg=accepted c" level`, 1),
	} {
		got, err := ParseLine([]byte(line))
		if got.Time = got.Time.UTC(); err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, line := range []string{"", "x", "-- Boot 1 --", `time=2026-11-25T16:30:00Z level=INFO msg=starting classes="a msg=refused recipients=1"`,
		`{"msg":"starting"}`, `time=x msg=`, "Nov 25 systemd: Started."} {
		if got, err := ParseLine([]byte(line)); !errors.Is(err, ErrOther) {
			t.Errorf("%q: %+v, %v", line, got, err)
		}
	}
	for _, line := range []string{`{"msg":`, `level=WARN msg=refused recipients=1`, `time=2026-11-25T16:30:00Z level=WARN msg=refused recipients=many`,
		`time=2026-11-25T16:30:00Z level=WARN msg=refused recipients=1 sender="x`, `time=2026-11-25T16:30:00Z level=WARN msg=refused recipients=99999999999`} {
		if got, err := ParseLine([]byte(line)); err == nil || errors.Is(err, ErrOther) {
			t.Errorf("%q: %+v, %v", line, got, err)
		}
	}
}

// line makes a record of the log.
func line(at time.Time, action Action, sender, reason, list string, recipients int) string {
	text := fmt.Sprintf("time=%s level=WARN msg=%v queue_id=4Fxy sender=%q class=all", at.Format(time.RFC3339Nano), action, sender)
	if reason != "" {
		text += " reason=" + reason
	}
	if list != "" {
		text += " list=" + list
	}
	return fmt.Sprintf("%s recipients=%d role=submission\n", text, recipients)
}

func summaryOf(t *testing.T, log string) *Summary {
	t.Helper()
	f, err := logfile.Open(logfile.Stdin, strings.NewReader(log), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := New(time.UTC)
	s.Read(f)
	return s
}

var monday = time.Date(2026, 11, 23, 8, 30, 0, 0, time.UTC)

func week(t *testing.T) *Summary {
	t.Helper()
	return summaryOf(t, line(monday, Refused, "anne", "message_limit", "", 200)+
		line(monday.Add(time.Hour), Refused, "anne", "list_posting", "6b@listes.test", 1)+
		line(monday.Add(26*time.Hour), Deferred, "bob", "window", "", 20)+
		line(monday.Add(50*time.Hour), Accepted, "carl", "", "", 3)+
		"Started rcptquota.\n{broken\n")
}

func TestText(t *testing.T) {
	var out bytes.Buffer
	week(t).WriteText(term.New(&out), 1)
	want := `4 messages with 224 recipients, from 2026-11-23 08:30 to 2026-11-25 10:30 (UTC)
1 line is damaged, and left out; the first is -:6: invalid character 'b' looking for beginning of object key string

            messages   share
  refused          2  50.0 %
  deferred         1  25.0 %
  accepted         1  25.0 %

By reason (1 of 3)
  reason        refused  deferred
  list_posting        1         0  ██████████████████████████████

By sender (1 of 2)
  sender  refused  deferred
  anne          2         0  ██████████████████████████████

By list
  list            refused  deferred
  6b@listes.test        1         0  ██████████████████████████████

By class
  class  refused  deferred  accepted
  all          2         1         1  ██████████████████████████████

By day
  day         refused  deferred  accepted
  2026-11-23        2         0         0  ██████████████████████████████
  2026-11-24        0         1         0  ███████████████
  2026-11-25        0         0         1
`
	if got := out.String(); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s", got)
	}
}

func TestNothingToTell(t *testing.T) {
	var out bytes.Buffer
	s := New(time.UTC)
	s.WriteText(term.New(&out), 0)
	if out.String() != "No records of messages.\n" {
		t.Errorf("%q", out.String())
	}
	for _, write := range []func() error{func() error { return s.WriteJSON(&out) }, func() error { return s.WriteCSV(&out) },
		func() error { return s.WriteHTML(&out, 0, monday) }} {
		if err := write(); err != nil {
			t.Error(err)
		}
	}
}

func TestSinceAndUntil(t *testing.T) {
	s := New(time.UTC)
	s.Since, s.Until = monday, monday.Add(time.Hour)
	for _, offset := range []time.Duration{-1, 0, time.Hour - 1, time.Hour} {
		s.AddDecision(&history.Record{Time: monday.Add(offset), Action: "deferred", Recipients: 2})
	}
	s.AddDecision(&history.Record{Time: monday, Action: "quarantined"})
	if s.Total[Deferred] != 2 || s.Total.All() != 2 || s.Recipients != 4 || s.Outside != 2 || s.Other != 1 {
		t.Errorf("%+v", s)
	}
}

// A decision record may tell of earlier messages, which have none of their own.
func TestUnrecorded(t *testing.T) {
	s := New(time.UTC)
	s.AddDecision(&history.Record{Time: monday, Action: "refused", Sender: "eve", Recipients: 2, Unrecorded: history.Unrecorded{Messages: 9, Recipients: 50}})
	if s.Total[Refused] != 10 || s.Recipients != 52 || s.senders.At("eve")[Refused] != 10 {
		t.Errorf("it counts %+v", s)
	}
	s.Since = monday.Add(1)
	s.AddDecision(&history.Record{Time: monday, Action: "refused", Sender: "eve", Recipients: 2, Unrecorded: history.Unrecorded{Messages: 9, Recipients: 50}})
	if s.Outside != 10 {
		t.Errorf("%d are outside", s.Outside)
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if err := week(t).WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		First    time.Time
		Messages int
		Total    map[string]int
		By       map[string][]struct {
			Name    string
			Refused int
		}
		Damaged logfile.Trouble
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if !got.First.Equal(monday) || got.Messages != 4 || got.Total["deferred"] != 1 || got.By["sender"][0].Name != "anne" ||
		got.By["sender"][0].Refused != 2 || len(got.By["hour"]) != 24 || got.Damaged.Lines != 1 {
		t.Errorf("%s", out.String())
	}
}

func TestCSV(t *testing.T) {
	var out bytes.Buffer
	if err := week(t).WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || fmt.Sprint(rows[:3]) != "[[by name refused deferred would_refuse redirected held accepted] [total  2 1 0 0 0 1] [reason list_posting 1 0 0 0 0 ]]" {
		t.Errorf("%v, %v", rows, err)
	}
}

// A login with markup in it does nothing, in whatever place of the page.
func TestHTMLIsHarmless(t *testing.T) {
	const evil = `</title></svg></table><script>alert(1)</script><img src=x onerror=alert(1)>"'`
	s := summaryOf(t, line(monday, Refused, evil, `"<b>x"`, evil, 200)+line(monday.AddDate(0, 0, 2), Deferred, "javascript:alert(1)", "", "", 1))
	s.Trouble.Broken(errors.New(evil))
	var out bytes.Buffer
	if err := s.WriteHTML(&out, 0, monday); err != nil {
		t.Fatal(err)
	}
	html := out.String()
	for _, bad := range []string{"<script", "<img", "<b>", "onerror=alert(1)>\""} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	for _, want := range []string{"&lt;script&gt;", "default-src 'none'", "<svg role=\"img\"", `class="refused"`, "2026-11-24: 0"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, outside := range []string{"http:", "https:", "src=\"", "href", "url("} {
		if strings.Contains(html, outside) {
			t.Errorf("the page needs something else: %s", outside)
		}
	}
	d := xml.NewDecoder(strings.NewReader(html)) // well formed, as far as XML can tell
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// A year's chart has so many columns and no more; years do not make it grow.
func TestChartOfManyYears(t *testing.T) {
	s := New(time.UTC)
	s.Add(&Record{Time: monday.AddDate(-50, 0, 0)})
	s.Add(&Record{Time: monday})
	for _, table := range s.Tables() {
		if table.Name == "day" {
			if c := newChart(&table, 1); len(c.Columns) != maxColumns {
				t.Errorf("%d columns", len(c.Columns))
			}
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(refusedText))
	f.Add([]byte(`{"time":"2026-11-25T16:30:00Z","msg":"refused","recipients":1}`))
	f.Add([]byte("time=0000-01-01T00:00:00+01:00 msg=refused recipients=0"))
	f.Add([]byte(`{"__REALTIME_TIMESTAMP":"1764088321123456","MESSAGE":"level=WARN msg=refused sender=\"a b\" recipients=3"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ParseLine(line)
		if err != nil {
			return
		}
		s := New(time.UTC)
		s.Add(&r)
		if s.Total.All() != 1 {
			t.Errorf("%q counts as %d", line, s.Total.All())
		}
		if err := errors.Join(s.WriteHTML(io.Discard, 1, monday), s.WriteJSON(io.Discard), s.WriteCSV(io.Discard)); err != nil {
			t.Error(err)
		}
		s.WriteText(term.New(io.Discard), 1)
	})
}
