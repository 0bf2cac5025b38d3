//go:build servers

package ldapcache_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestWaysToConnect(t *testing.T) {
	s := startSlapd(t)
	stranger := servers.StartSlapd(t).CAFile()
	for name, c := range map[string]struct {
		url      string
		startTLS bool
		ca       string
		bind     string
		refused  string // what the error says; empty: it works
	}{
		"ldap":                  {url: s.URL()},
		"ldap, bind":            {url: s.URL(), bind: s.Password()},
		"StartTLS":              {url: s.URL(), startTLS: true, ca: s.CAFile(), bind: s.Password()},
		"ldaps":                 {url: s.SecureURL(), ca: s.CAFile(), bind: s.Password()},
		"ldapi":                 {url: s.SocketURL(), bind: s.Password()},
		"StartTLS, a wrong CA":  {url: s.URL(), startTLS: true, ca: stranger, refused: "certificate"},
		"ldaps, a wrong CA":     {url: s.SecureURL(), ca: stranger, refused: "certificate"},
		"ldaps, the system's":   {url: s.SecureURL(), refused: "certificate"},
		"ldaps, a wrong name":   {url: strings.Replace(s.SecureURL(), "127.0.0.1", "localhost", 1), ca: s.CAFile(), refused: "localhost"},
		"a wrong password":      {url: s.URL(), bind: "hunter2", refused: "Invalid Credentials"},
		"a port without server": {url: fmt.Sprintf("ldap://127.0.0.1:%d", servers.FreePort(t)), refused: "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			config := settings(s, c.url)
			config.StartTLS, config.CAFile = c.startTLS, c.ca
			if c.bind != "" {
				config = withBind(t, config, s, c.bind)
			}
			_, err := open(t, config).Sender(t.Context(), "mdurand")
			switch {
			case c.refused == "" && err != nil:
				t.Error(err)
			case c.refused != "" && (!isUnavailable(err) || !strings.Contains(err.Error(), c.refused) ||
				!strings.Contains(err.Error(), c.url) || strings.Contains(err.Error(), "hunter2")):
				t.Errorf("got %v, want %s", err, c.refused)
			}
		})
	}
}

// TestRepairsNeedNoRestart breaks what a connection needs in one way after the
// other, and restores it.
func TestRepairsNeedNoRestart(t *testing.T) {
	s := startSlapd(t)
	config := withBind(t, settings(s, s.SecureURL()), s, s.Password())
	config.CAFile = s.CAFile()
	password := func(text string) {
		if err := os.WriteFile(config.BindPasswordFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	d := open(t, config)
	await(t, d, "mdurand", "found", isFresh)
	for _, c := range []struct {
		what, refused  string
		spoil, restore func()
	}{
		{"a wrong password", "Invalid Credentials", func() { password("old") }, func() { password(s.Password()) }},
		{"no password", config.BindPasswordFile + " holds no password", func() { password("\n") }, func() { password(s.Password()) }},
		{"an expired certificate", "expired", func() { s.Certify("127.0.0.1", past) }, func() { s.Certify("127.0.0.1", future) }},
		{"another's certificate", "127.0.0.2", func() { s.Certify("127.0.0.2", future) }, func() { s.Certify("127.0.0.1", future) }},
	} {
		restart := func(change func()) {
			s.Stop()
			change()
			s.Start()
		}
		restart(c.spoil)
		await(t, d, "mdurand", "stale because of "+c.what, func(got quota.Sender, err error) bool {
			return isKnown(got, err) && got.Stale != nil && strings.Contains(got.Stale.Error(), c.refused) &&
				strings.Contains(got.Stale.Error(), config.Servers[0])
		})
		if _, err := d.Sender(t.Context(), "pmartin"); !isUnavailable(err) {
			t.Errorf("%s, not yet known: %v", c.what, err)
		}
		restart(c.restore)
		await(t, d, "mdurand", "fresh after "+c.what, isFresh)
	}
}
