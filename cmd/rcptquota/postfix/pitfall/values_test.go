package pitfall

import (
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
)

func TestParseTime(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"30": 30 * time.Second, "30s": 30 * time.Second, "5m": 5 * time.Minute, "1h": time.Hour, "2d": 48 * time.Hour, "1w": 168 * time.Hour,
	} {
		if got, err := parseTime(value); err != nil || got != want {
			t.Errorf("%q: %s, %v", value, got, err)
		}
	}
	for _, value := range []string{"", "s", "1sm", "1.5s", "x", "-", "99999999999"} {
		if got, err := parseTime(value); err == nil {
			t.Errorf("%q: %s, want an error", value, got)
		}
	}
}

func TestVersions(t *testing.T) {
	for text, forgets := range map[string]string{
		"3.7.11": "3.7.22", "3.7.22": "", "3.8.19": "3.8.20", "3.8.20": "", "3.9.13": "3.9.14", "3.9.14": "", "3.10.12": "3.10.13",
		"3.10.13": "", "3.11.5": "3.11.6", "3.11.6": "", "3.12-20260101": "", "4.0.0": "", "2.11.3": "3.7.22", "3.6.15": "3.7.22",
	} {
		v, err := postfix.ParseVersion(text)
		if err != nil {
			t.Fatal(err)
		}
		first, old := fixedIn(v)
		if old != (forgets != "") || old && first.String() != forgets {
			t.Errorf("%s: fixed in %s, %t; want %q", text, first, old, forgets)
		}
	}
	for _, text := range []string{"", "3", "3.x", "3.7.11.1", "postfix"} {
		if v, err := postfix.ParseVersion(text); err == nil {
			t.Errorf("%q: %s, want an error", text, v)
		}
	}
}
