package postfix

import "testing"

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
		if got := Same(c.our, c.theirs, queue); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}
