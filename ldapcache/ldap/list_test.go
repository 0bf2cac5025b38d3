package ldap

import (
	"strings"
	"testing"
)

func TestAddressesThatMayBeFolded(t *testing.T) {
	for _, address := range []string{" parents@l.fr", "pa\u00adrents@l.fr", "ｐ@l.fr", "a\tb@l.fr"} {
		if !mayBeFolded(address) {
			t.Errorf("%q", address)
		}
	}
	if mayBeFolded("parents-6b@l.fr") {
		t.Error("a plain address")
	}
}

func TestAnyList(t *testing.T) {
	s, err := Open(Config{Schema: Schema{ListFilter: "(|(mail=%a)(proxyAddresses=smtp:%a))", ListOwners: []string{"owner", "MAIL"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.anyList([]string{"a*@x", "b@x"}), `(|(|(mail=a\2a@x)(proxyAddresses=smtp:a\2a@x))(|(mail=b@x)(proxyAddresses=smtp:b@x)))`; got != want {
		t.Errorf("%s", got)
	}
	if asked, listed := strings.Join(s.ofLists, " "), strings.Join(s.ofListed, " "); asked != "mail proxyAddresses owner" || listed != "owner" {
		t.Errorf("%s; of those listed %s", asked, listed)
	}
}
