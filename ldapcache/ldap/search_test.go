package ldap

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestAnAttributeIsAskedForOnce(t *testing.T) {
	schema := Schema{UserFilter: "(|(uid=%u)(MAIL=%u))", UserAddresses: []string{"mail"}, UserEstablishment: []string{"o"}}
	s, err := Open(Config{Schema: schema}, []string{"o", "title"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"mail", "o", "uid", "title"}; !slices.Equal(s.ofSenders, want) {
		t.Errorf("asks for %q, want %q", s.ofSenders, want)
	}
}

func TestDescribeTakesExactAttributesOnly(t *testing.T) {
	s, err := Open(Config{Schema: Schema{UserAddresses: []string{"mail"}, UserEstablishment: []string{"school", "site"}}},
		[]string{"entpersonprofils"})
	if err != nil {
		t.Fatal(err)
	}
	sender, err := s.describe(nil, goldap.NewEntry("uid=x", map[string][]string{
		"Mail":                   {"Marie.Durand@Test"},
		"mail;lang-fr":           {"fr@test"},
		"ENTPersonAutresMails":   {"private@test"},
		"ENTPersonMailDiffusion": {"shown@test"},
		"site":                   {"0310002B", "0310001A"},
		"ENTPersonProfils":       {"National_ENS"},
	}))
	if err != nil || !slices.Equal(sender.Addresses, []string{"marie.durand@test"}) || sender.Establishment != "0310001A" ||
		len(sender.Attributes) != 1 || !slices.Equal(sender.Attributes["entpersonprofils"], []string{"National_ENS"}) {
		t.Errorf("described as %+v", sender)
	}
	if empty, err := s.describe(nil, goldap.NewEntry("uid=x", nil)); err != nil || !reflect.DeepEqual(empty, quota.Sender{ID: "uid=x"}) {
		t.Errorf("an empty entry described as %+v", empty)
	}
}

func TestReferencesElsewhereAreNotAbsence(t *testing.T) {
	const elsewhere = "ldap://other.test/dc=other,dc=test"
	f := servers.StartFakeLDAP(t, func(_ int, filter string) servers.Reply {
		switch {
		case asks(filter, "here"):
			return servers.Reply{Entry: "uid=here,dc=test", Referral: elsewhere}
		case asks(filter, "elsewhere"):
			return servers.Reply{Referral: elsewhere}
		case asks(filter, "partition"):
			return servers.Reply{Referral: "ldap://DomainDnsZones.test/DC=DomainDnsZones,DC=test"}
		case asks(filter, "child"):
			return servers.Reply{Referral: "ldap://child.test/DC=child,DC=test"}
		case asks(filter, "odd"):
			return servers.Reply{Referral: "DC=DomainDnsZones,DC=test"}
		}
		return servers.Reply{}
	})
	d := openFake(t, f)
	if _, err := d.Sender(t.Context(), "here"); err != nil {
		t.Error(err)
	}
	for _, login := range []string{"nowhere", "partition"} { // of Active Directory, which holds nobody
		if _, err := d.Sender(t.Context(), login); !errors.Is(err, quota.ErrAbsent) {
			t.Errorf("%s: %v", login, err)
		}
	}
	for _, login := range []string{"child", "odd"} {
		if _, err := d.Sender(t.Context(), login); !failed(err) {
			t.Errorf("%s: %v", login, err)
		}
	}
	if _, err := d.Sender(t.Context(), "elsewhere"); !failed(err) || !strings.Contains(err.Error(), elsewhere) {
		t.Error(err)
	}
	if n := f.Connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
