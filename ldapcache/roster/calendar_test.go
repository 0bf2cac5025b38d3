package roster

import (
	"strings"
	"testing"
	"time"
)

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func moment(t testing.TB, text string) Moment {
	t.Helper()
	var m Moment
	if err := m.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMoments(t *testing.T) {
	for text, want := range map[string]Moment{
		"Sun 00:00":    {},
		"Wed 10:00":    {Day: time.Wednesday, Hour: 10},
		"wed 10:00":    {Day: time.Wednesday, Hour: 10},
		"SAT 23:59:58": {Day: time.Saturday, Hour: 23, Minute: 59, Second: 58},
	} {
		got := moment(t, text)
		if got != want || !strings.EqualFold(got.String(), text) {
			t.Errorf("%q: %+v, %s", text, got, got)
		}
	}
	for _, text := range []string{
		"", "Wed", "10:00", "Wed 10", "Wed 1:00", "Wed 24:00", "Wed 10:60", "Wed 10:00:60", "Mer 10:00",
		"Wednesday 10:00", "Wed  10:00", " Wed 10:00", "Wed 10:00 ", "Wed 10:00\n", "3",
	} {
		if err := new(Moment).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// TestClockChanges looks at moments of the two Sundays of 2027 when Paris changes
// its clocks: at 02:00 they jump to 03:00, and at 03:00 they go back to 02:00.
func TestClockChanges(t *testing.T) {
	paris := location(t, "Europe/Paris")
	spring := func(text string) time.Time { return moment(t, text).on(2027, time.March, 28, paris) }
	autumn := func(text string) time.Time { return moment(t, text).on(2027, time.October, 31, paris) }
	for what, c := range map[string]struct {
		got  time.Time
		want string // UTC
	}{
		"before the jump":                 {spring("Sun 01:59:59"), "2027-03-28T00:59:59Z"},
		"the jump":                        {spring("Sun 02:00"), "2027-03-28T01:00:00Z"},
		"a time that is skipped":          {spring("Sun 02:30"), "2027-03-28T01:00:00Z"},
		"after the jump":                  {spring("Sun 03:00"), "2027-03-28T01:00:00Z"},
		"later that day":                  {spring("Sun 10:00"), "2027-03-28T08:00:00Z"},
		"before the hour that is doubled": {autumn("Sun 01:59:59"), "2027-10-30T23:59:59Z"},
		"its first minute, twice":         {autumn("Sun 02:00"), "2027-10-31T00:00:00Z"},
		"a time that comes twice":         {autumn("Sun 02:30"), "2027-10-31T00:30:00Z"},
		"after it":                        {autumn("Sun 03:00"), "2027-10-31T02:00:00Z"},
	} {
		if got := c.got.UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s: %s, not %s", what, got, c.want)
		}
	}
	// West of Greenwich, where Go itself chooses the other side of a jump; and an
	// island that once skipped a whole day to be on the other side of the date line.
	york := moment(t, "Sun 02:30").on(2027, time.March, 14, location(t, "America/New_York"))
	if got := york.UTC().Format(time.RFC3339); got != "2027-03-14T07:00:00Z" {
		t.Errorf("New York: %s", got)
	}
	apia := moment(t, "Fri 10:00").on(2011, time.December, 30, location(t, "Pacific/Apia"))
	if got := apia.UTC().Format(time.RFC3339); got != "2011-12-30T10:00:00Z" {
		t.Errorf("Apia: %s", got)
	}
}

// FuzzCalendar holds the calendar's laws at any time, in zones with large and odd
// changes.
func FuzzCalendar(f *testing.F) {
	for i := range int64(8) {
		f.Add(int64(1_806_192_000)+i*86_400, uint8(i), uint32(i*3600), uint8(i+1), uint32(36_000))
	}
	zones := []string{"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia", "UTC"}
	f.Fuzz(func(t *testing.T, at int64, cutoffDay uint8, cutoff uint32, effectDay uint8, effect uint32) {
		now := time.Unix(at%4e9, 0)
		for _, zone := range zones {
			c := Calendar{cutoff: momentOf(cutoffDay, cutoff), effect: momentOf(effectDay, effect), location: location(t, zone)}
			last, next := c.LastCutoff(now), c.NextCutoff(now)
			if last.After(now) || !next.After(now) {
				t.Errorf("%s: at %v, the last cutoff was %v and the next is %v", zone, now, last, next)
			}
			// A jump over the date line makes a week one day shorter or longer.
			if week := next.Sub(last); week < 6*24*time.Hour-2*time.Hour || week > 8*24*time.Hour+2*time.Hour {
				t.Errorf("%s: %v to %v is no week", zone, last, next)
			}
			if again := c.NextCutoff(last); !again.Equal(next) {
				t.Errorf("%s: after %v comes %v, not %v", zone, last, again, next)
			}
			if at := c.EffectOf(last); at.Before(last) || at.After(last.Add(8*24*time.Hour+2*time.Hour)) {
				t.Errorf("%s: the cutoff %v takes effect at %v", zone, last, at)
			}
		}
	})
}

func momentOf(day uint8, second uint32) Moment {
	second %= 86_400
	return Moment{Day: time.Weekday(day % 7), Hour: int(second / 3600), Minute: int(second / 60 % 60), Second: int(second % 60)}
}

func TestEffectAtTheCutoffItself(t *testing.T) {
	paris := location(t, "Europe/Paris")
	c := Calendar{cutoff: moment(t, "Wed 10:00"), effect: moment(t, "Wed 10:00"), location: paris}
	cutoff := time.Date(2027, time.March, 31, 10, 0, 0, 0, paris)
	if got := c.EffectOf(cutoff); !got.Equal(cutoff) {
		t.Errorf("it takes effect at %v", got)
	}
}
