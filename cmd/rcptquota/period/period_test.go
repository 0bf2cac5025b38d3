package period

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 25, 16, 30, 0, 0, paris)
	for text, want := range map[string]string{
		"2026-11-01":                "2026-11-01T00:00:00+01:00",
		"2026-07-01 12:30":          "2026-07-01T12:30:00+02:00",
		"2026-11-01T12:30:05":       "2026-11-01T12:30:05+01:00",
		"2026-11-01T12:30:05Z":      "2026-11-01T12:30:05Z",
		"2026-11-01T12:30:05-05:00": "2026-11-01T12:30:05-05:00",
		"today":                     "2026-11-25T00:00:00+01:00",
		"Yesterday":                 "2026-11-24T00:00:00+01:00",
		"now":                       "2026-11-25T16:30:00+01:00",
		"90m":                       "2026-11-25T15:00:00+01:00",
		"7d":                        "2026-11-18T16:30:00+01:00",
		" 5w ":                      "2026-10-21T16:30:00+02:00", // the same hour, before the clocks went back
	} {
		if got, err := Parse(text, now); err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q: %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "-1h", "tomorrow", "2026-13-01", "25/11/2026", "9999999d"} {
		if got, err := Parse(text, now); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
