package roster

import (
	"bytes"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"

	"github.com/rcptquota/rcptquota/quota"
)

// A story is what happens on one or two relays with one store, one line each:
//
//	Mon  3 Jan 23:59  0310001A enters anne
//
// The year is 2000, whose first day is a Saturday, and the time that of Paris.
// "anne has 5000" and the like say how many recipients a message of hers may have
// on every relay that runs; "refused" or "deferred" what becomes of one to more.
// Everybody has 150 without being premium.
//
// Clocks of relays and of the store are right unless a line says otherwise; who
// reads "relay B starts a week behind" may think of a battery that is empty.
type story struct {
	t      *testing.T
	year   int
	place  *time.Location
	config Config
	store  memoryStore
	school school
	relays map[string]*relay
}

// relay is a rcptquota.
type relay struct {
	policy *quota.Policy
	keeper *Keeper
	stop   func()
	log    *logBuffer
	ahead  atomic.Int64 // of its clock, in nanoseconds
}

// now is the time by the relay's clock. It has no monotonic part: that would tell
// that the clock was set.
func (r *relay) now() time.Time {
	return time.Now().Round(0).Add(time.Duration(r.ahead.Load()))
}

// logBuffer is a log that is read while it is written.
type logBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *logBuffer) lines(pattern string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(regexp.MustCompile(`(?m)`+pattern).FindAllString(b.String(), -1))
}

// tell plays the story on the clock of synctest.
func tell(t *testing.T, lines string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		config := DefaultConfig()
		calendar, err := config.Calendar()
		if err != nil {
			t.Fatal(err)
		}
		s := &story{t: t, year: time.Now().Year(), place: calendar.location, config: config, relays: map[string]*relay{}}
		for line := range strings.Lines(lines) {
			if line = strings.TrimSpace(line); line != "" {
				s.play(line)
			}
		}
		for _, relay := range s.relays {
			relay.stop()
		}
	})
}

var dated = regexp.MustCompile(`^((?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) [ 0-9]\d (?:Jan|Feb|Mar|Oct|Nov) \d\d:\d\d(?::\d\d)?)  (.*)$`)

// play waits for the time of a line, and lets it happen.
func (s *story) play(line string) {
	s.t.Helper()
	parts := dated.FindStringSubmatch(line)
	if parts == nil {
		s.t.Fatalf("no line of a story: %s", line)
	}
	form := "Mon _2 Jan 15:04"
	if strings.Count(parts[1], ":") == 2 {
		form += ":05"
	}
	at, err := time.ParseInLocation(form+" 2006", parts[1]+" "+strconv.Itoa(s.year), s.place)
	if err != nil || at.Format("Mon") != parts[1][:3] || at.Before(time.Now()) {
		s.t.Fatalf("%s: no such day, or too late: %v, %v", line, at, err)
	}
	time.Sleep(time.Until(at)) //nolint:forbidigo // costs no time
	synctest.Wait()
	s.happens(line, parts[2])
	synctest.Wait()
}

// words are what may happen.
var words = []struct {
	form *regexp.Regexp
	do   func(s *story, line string, w []string)
}{
	{regexp.MustCompile(`^relay (\w) starts$`), func(s *story, _ string, w []string) { s.start(w[1], 0) }},
	{regexp.MustCompile(`^relay (\w) starts (\d+) (days?|hours?|seconds) (ahead|behind)$`), func(s *story, _ string, w []string) {
		s.start(w[1], off(w[2:]))
	}},
	{regexp.MustCompile(`^the clock of (\w) is right$`), func(s *story, _ string, w []string) { s.relays[w[1]].ahead.Store(0) }},
	{regexp.MustCompile(`^the clock of (\w) is (\d+) (days?|hours?|seconds) (ahead|behind)$`), func(s *story, _ string, w []string) {
		s.relays[w[1]].ahead.Store(int64(off(w[2:])))
	}},
	{regexp.MustCompile(`^the store is a file$`), func(s *story, _ string, _ []string) {
		s.store.set(func(x *memoryStore) { x.clockless = true })
	}},
	{regexp.MustCompile(`^the clock of the store is right$`), func(s *story, _ string, _ []string) {
		s.store.set(func(x *memoryStore) { x.ahead = 0 })
	}},
	{regexp.MustCompile(`^the clock of the store is (\d+) (days?|hours?|seconds) (ahead|behind)$`), func(s *story, _ string, w []string) {
		s.store.set(func(x *memoryStore) { x.ahead = off(w[1:]) })
	}},
	{regexp.MustCompile(`^(\d+) others are entered$`), func(s *story, _ string, w []string) {
		n, _ := strconv.Atoi(w[1])
		for i := range n {
			s.school.enter(fmt.Sprintf("other%d", i), fmt.Sprintf("031%04dX", i))
		}
	}},
	{regexp.MustCompile(`^the directory tells of (all|nobody|half of them|every third)$`), func(s *story, _ string, w []string) {
		s.school.set(func(x *school) {
			x.tells = map[string]func(int) bool{
				"nobody": func(int) bool { return false }, "half of them": func(i int) bool { return i%2 == 0 },
				"every third": func(i int) bool { return i%3 == 0 },
			}[w[1]]
		})
	}},
	{regexp.MustCompile(`^(\d+) entries name nobody$`), func(s *story, _ string, w []string) {
		n, _ := strconv.Atoi(w[1])
		s.school.set(func(x *school) {
			x.gone = nil
			for i := range n {
				x.gone = append(x.gone, fmt.Sprint("uid=gone", i))
			}
		})
	}},
	{regexp.MustCompile(`^relay (\w) (is sure|doubts: (\w+))$`), func(s *story, line string, w []string) {
		want := "none"
		if w[3] != "" {
			want = w[3]
		}
		if got := s.relays[w[1]].keeper.Doubt().String(); got != want {
			s.t.Errorf("%s: %s", line, got)
		}
	}},
	{regexp.MustCompile(`^relay (\w) stops$`), func(s *story, _ string, w []string) { s.relays[w[1]].stop(); delete(s.relays, w[1]) }},
	{regexp.MustCompile(`^(\w+) enters (\w+)$`), func(s *story, _ string, w []string) { s.school.enter(w[2], w[1]) }},
	{regexp.MustCompile(`^(\w+) takes (\w+) out$`), func(s *story, _ string, w []string) { s.school.withdraw(w[2]) }},
	{regexp.MustCompile(`^(\w+) shares the site of (\w+)$`), func(s *story, _ string, w []string) {
		s.school.set(func(x *school) { x.reference = map[string]string{w[1]: w[2]} })
	}},
	{regexp.MustCompile(`^the store (goes away|is back|forgets)$`), func(s *story, _ string, w []string) {
		s.store.set(func(x *memoryStore) {
			x.away = w[1] == "goes away"
			if w[1] == "forgets" {
				x.text = nil
			}
		})
	}},
	{regexp.MustCompile(`^the directory (goes away|is back)$`), func(s *story, _ string, w []string) {
		s.school.set(func(x *school) { x.away = w[1] == "goes away" })
	}},
	{regexp.MustCompile(`^roster refresh$`), func(s *story, line string, _ []string) {
		if _, _, err := Refresh(s.t.Context(), s.config, &s.school, &s.store, slog.New(slog.DiscardHandler)); err != nil {
			s.t.Errorf("%s: %v", line, err)
		}
	}},
	{regexp.MustCompile(`^(\w+) has (5000|150, (?:refused|deferred))$`), func(s *story, line string, w []string) { s.judge(line, w[1], w[2]) }},
	{regexp.MustCompile(`^the log of (\w) has named (\w+) of (\w+) (\d+) times?$`), func(s *story, line string, w []string) {
		want, _ := strconv.Atoi(w[4])
		if got := s.relays[w[1]].log.lines(`msg=roster_over_limit sender=` + w[2] + ` establishment=` + w[3] + `$`); got != want {
			s.t.Errorf("%s: %d times", line, got)
		}
	}},
	{regexp.MustCompile(`^the logs have said (\w+) (\d+) times?$`), func(s *story, line string, w []string) {
		want, _ := strconv.Atoi(w[2])
		got := 0
		for _, relay := range s.relays {
			got += relay.log.lines(`msg=` + w[1] + ` `)
		}
		if got != want {
			s.t.Errorf("%s: %d times", line, got)
		}
	}},
}

func (s *story) happens(line, what string) {
	s.t.Helper()
	for _, word := range words {
		if found := word.form.FindStringSubmatch(what); found != nil {
			word.do(s, line, found)
			return
		}
	}
	s.t.Fatalf("nothing that happens: %s", line)
}

// off is how far ahead a clock is, as the words of a line say.
func off(words []string) time.Duration {
	n, _ := strconv.Atoi(words[0])
	d := time.Duration(n) * map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 's': time.Second}[words[1][0]]
	if words[2] == "behind" {
		return -d
	}
	return d
}

func (s *story) start(name string, ahead time.Duration) {
	r := &relay{log: &logBuffer{}}
	r.ahead.Store(int64(ahead))
	keeper, err := NewWeekly(s.config, &s.school, &s.store, slog.New(slog.NewTextHandler(r.log, nil)))
	if err != nil {
		s.t.Fatal(err)
	}
	config := quota.DefaultConfig()
	rules, err := quota.Compile(&config)
	if err != nil {
		s.t.Fatal(err)
	}
	r.policy = quota.NewPolicy(rules, Directory{&s.school, keeper}, nil)
	keeper.clock, r.keeper = r.now, keeper
	keeper.Start(s.t.Context())
	r.stop = func() {
		if err := keeper.Close(); err != nil {
			s.t.Error(err)
		}
	}
	s.relays[name] = r
}

// to is a message's recipients, so many.
var to = func() map[int]*quota.Recipients {
	sets := map[int]*quota.Recipients{}
	for _, n := range []int{150, 151, 5000} {
		sets[n] = &quota.Recipients{}
		for i := range n {
			sets[n].Add(fmt.Sprintf("%d@example.net", i))
		}
	}
	return sets
}()

// judge holds every relay to what a sender may do.
func (s *story) judge(line, login, may string) {
	s.t.Helper()
	if len(s.relays) == 0 {
		s.t.Fatalf("%s: no relay runs", line)
	}
	want := map[int]quota.Action{150: quota.Accept, 5000: quota.Accept}
	switch may {
	case "150, refused":
		want[151], want[5000] = quota.Refuse, quota.Refuse
	case "150, deferred":
		want[151], want[5000] = quota.Defer, quota.Defer
	}
	for name, relay := range s.relays {
		for n, action := range want {
			v := relay.policy.Judge(s.t.Context(), &quota.Message{Login: login, Recipients: to[n]})
			if v.Action != action {
				s.t.Errorf("%s: on relay %s, a message to %d: %v, not %v (%v)", line, name, n, v.Action, action, v.Err)
			}
		}
	}
}
