package pitfall

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
	"github.com/rcptquota/rcptquota/quota"
)

// A Postfix that has default_action=shutdown is not to be had everywhere: here its
// values are made up.
func TestShutdownByVersion(t *testing.T) {
	w := &postfix.Wanted{
		Sockets:      []postfix.Socket{{Address: "inet:127.0.0.1:8891", Role: quota.Submission}},
		HighestLimit: 5000, Answer: 10 * time.Second, Restart: 10 * time.Second,
	}
	for _, c := range []struct {
		version postfix.Version
		action  string
		wrong   bool
		advice  bool
	}{
		{postfix.Version{3, 7, 22}, "tempfail", false, false},
		{postfix.Version{3, 10, 13}, "shutdown", true, false},
		{postfix.Version{3, 11, 6}, "tempfail", false, true},
		{postfix.Version{3, 11, 6}, "shutdown", false, false},
		{postfix.Version{3, 12, 0}, "accept", true, false},
	} {
		in := submissionOnly(c.version, "{inet:127.0.0.1:8891,default_action="+c.action+"}")
		if found := Check(in, w); (len(found) > 0) != c.wrong {
			t.Errorf("%+v: %+v", c, found)
		}
		isAdvice := func(note string) bool { return strings.Contains(note, "default_action=shutdown") }
		if notes := Notes(in, w); slices.ContainsFunc(notes, isAdvice) != c.advice {
			t.Errorf("%+v: %q", c, notes)
		}
	}
}

// submissionOnly is an instance with one service and Postfix's defaults.
func submissionOnly(v postfix.Version, milters string) *postfix.Installation {
	list, err := postfix.ParseMilters(milters)
	s := &postfix.Service{
		Name: "submission", Kind: "inet", Program: "smtpd", Milters: list, Invalid: err,
		Values: map[string]string{
			"smtpd_sasl_auth_enable": "yes", "smtpd_recipient_limit": "6000", "smtpd_recipient_overshoot_limit": "1000",
			"milter_connect_timeout": "30s", "milter_command_timeout": "30s", "milter_content_timeout": "300s", "milter_protocol": "6",
			"smtpd_milters": milters,
		},
		Own: map[string]string{"smtpd_milters": milters}, Raw: map[string]string{"smtpd_milters": milters},
	}
	return &postfix.Installation{Dir: "/etc/postfix", Version: v, Main: map[string]string{}, Services: []*postfix.Service{s}, Tried: true}
}
