package ldapcache

import "testing"

func TestCanonicalDN(t *testing.T) {
	for text, want := range map[string]string{
		"uid=anne,ou=people,dc=ent,dc=test":    "uid=anne,ou=people,dc=ent,dc=test",
		"UID=Anne, OU=People , dc=ENT,dc=test": "uid=anne,ou=people,dc=ent,dc=test",
		"uid=\\41nne,ou=people,dc=ent,dc=test": "uid=anne,ou=people,dc=ent,dc=test",
		"sn=Y+CN=x,dc=test":                    "cn=x+sn=y,dc=test",
		"cn=Zo\u00c9,dc=test":                  "cn=zo\\c3\\a9,dc=test",
		"cn=Durand\\, Anne,dc=test":            "cn=durand\\, anne,dc=test",
		"no DN":                                "no dn",
	} {
		if got := canonicalDN(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
