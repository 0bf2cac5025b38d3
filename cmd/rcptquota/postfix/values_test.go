package postfix

import (
	"testing"
	"time"
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
		v, err := parseVersion(text)
		if err != nil {
			t.Fatal(err)
		}
		first, old := v.mended()
		if old != (forgets != "") || old && first.String() != forgets {
			t.Errorf("%s: mended in %s, %t; want %q", text, first, old, forgets)
		}
	}
	for _, text := range []string{"", "3", "3.x", "3.7.11.1", "postfix"} {
		if v, err := parseVersion(text); err == nil {
			t.Errorf("%q: %s, want an error", text, v)
		}
	}
}

func TestDisabled(t *testing.T) {
	for patterns, want := range map[string]bool{
		"": false, "inet": true, "unix fifo": false, "smtp/inet": true, "smtp.inet": true, "submission.inet": false,
		"!smtp/inet, inet": false, "!submission/inet inet": true,
	} {
		if got := disabled("smtp", "inet", patterns); got != want {
			t.Errorf("%q: %t", patterns, got)
		}
	}
}

func TestSame(t *testing.T) {
	const queue = "/var/spool/postfix"
	for _, c := range []struct {
		our, theirs string
		want        bool
	}{
		{"unix:/var/spool/postfix/rcptquota/s", "unix:rcptquota/s", true},
		{"unix:/var/spool/postfix/rcptquota/s", "unix:/rcptquota/s", true}, // in a chroot
		{"unix:/var/spool/postfix/rcptquota/s", "unix:/var/spool/postfix/rcptquota/s", true},
		{"unix:/run/rcptquota/s", "unix:/var/run/rcptquota/s", true},
		{"unix:/run/rcptquota/s", "unix:rcptquota/s", true}, // meant, and not reached
		{"unix:/run/rcptquota/s", "unix:quota/s", false},
		{"unix:/run/rcptquota/s", "unix:s", false},
		{"unix:/run/rcptquota/s", "inet:s", false},
		{"inet:127.0.0.1:8891", "inet:localhost:8891", true},
		{"inet:127.0.0.1:8891", "inet:[::1]:8891", true},
		{"inet:127.0.0.1:8891", "inet:8891", true},
		{"inet:127.0.0.1:8891", "inet:192.0.2.1:8891", false},
		{"inet:127.0.0.1:8891", "inet:127.0.0.1:8892", false},
		{"inet:0.0.0.0:8891", "inet:192.0.2.1:8891", true},
		{"inet:[::]:8891", "inet:relay.test:8891", true},
		{"inet:relay.test:8891", "inet:RELAY.test:8891", true},
	} {
		if got := same(c.our, c.theirs, queue); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}
