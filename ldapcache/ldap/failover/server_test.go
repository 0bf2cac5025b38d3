package failover

import "testing"

func FuzzParseServer(f *testing.F) {
	for _, url := range []string{"ldap://a", "ldaps://[::1]:636", "ldapi://%2Frun%2Fldapi", "ldapi:///", "ldap://u:p@a", "http://a"} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		s, err := parseServer(url)
		if err == nil && (s.url != url || s.address == "" || s.network != "tcp" && s.network != "unix") {
			t.Errorf("%q became %+v", url, s)
		}
	})
}
