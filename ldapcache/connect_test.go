//go:build servers

package ldapcache_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

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

func TestANewPasswordNeedsNoRestart(t *testing.T) {
	s := startSlapd(t)
	config := withBind(t, settings(s, s.URL()), s, "old")
	d := open(t, config)
	for _, c := range []struct{ password, refused string }{
		{"old", "Invalid Credentials"},
		{"\n", config.BindPasswordFile + " holds no password"},
		{s.Password(), ""},
	} {
		if err := os.WriteFile(config.BindPasswordFile, []byte(c.password), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := d.Sender(t.Context(), "mdurand")
		if (err != nil) != (c.refused != "") || err != nil && (!isUnavailable(err) || !strings.Contains(err.Error(), c.refused)) {
			t.Errorf("with the password %q: %v", c.password, err)
		}
	}
}
