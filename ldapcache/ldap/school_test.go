package ldap

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/ldapcache/ldap/failover"
	"github.com/rcptquota/rcptquota/test/servers"
)

// TestASchoolIsAskedForOnce counts the searches for senders whose school is the DN
// of an entry.
func TestASchoolIsAskedForOnce(t *testing.T) {
	const dn = "ou=school,dc=test"
	var senders, schools atomic.Int32
	f := servers.StartFakeLDAP(t, func(int, string) servers.Reply {
		senders.Add(1)
		return servers.Reply{Entry: "uid=x,dc=test", Values: map[string][]string{"ENTPersonStructRattach": {dn}}}
	})
	f.Read = func(attributes []string) servers.Reply {
		if attributes[0] == noAttributes { // the first search on a connection
			return servers.Reply{}
		}
		schools.Add(1)
		return servers.Reply{Entry: dn, Values: map[string][]string{"ENTStructureUAI": {"0310001a"}}}
	}
	d := openFake(t, f)
	for i, login := range []string{"a", "b", "c"} {
		if got, err := d.Sender(t.Context(), login); err != nil || got.Establishment != "0310001A" {
			t.Errorf("%+v, %v", got, err)
		}
		if int(senders.Load()) != i+1 || schools.Load() != 1 {
			t.Errorf("%d senders and %d schools were asked for", senders.Load(), schools.Load())
		}
	}
}

func TestWhatIsKnownOfASchoolExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(Config{Config: failover.Config{Base: "dc=test"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.schools.Add("0310001A", cachedEstablishment{establishment{name: "0310001A", reference: "0310003C"}, time.Now()})
		reference := func() string {
			name, err := s.referenceName(new(goldap.Conn), []string{"{UAI}0310001a"})
			if err != nil {
				t.Error(err)
			}
			return name
		}
		time.Sleep(schoolTTL - 1) //nolint:forbidigo // costs no time
		if got := reference(); got != "0310003C" {
			t.Errorf("within the hour: %s", got)
		}
		time.Sleep(time.Nanosecond)                //nolint:forbidigo // costs no time
		if got := reference(); got != "0310001A" { // no filter finds its entry
			t.Errorf("afterwards: %s", got)
		}
	})
}

func TestSchoolNames(t *testing.T) {
	s, err := Open(Config{Config: failover.Config{Base: "dc=test"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		written []string
		want    string
	}{
		{nil, ""},
		{[]string{"{SIRET}19311382600018", "{UAI}0310002b", "0310001A"}, "0310001A"},
		{[]string{" Lycée Deux "}, "Lycée Deux"},
		{[]string{"Lycée Deux", "Collège Un"}, "Collège Un"},
		{[]string{"OU=X, dc=Elsewhere"}, "ou=x,dc=elsewhere"}, // not below base: not asked for
	} {
		if got, err := s.schoolName(nil, c.written); got != c.want || err != nil {
			t.Errorf("%q: %q, %v; want %q", c.written, got, err, c.want)
		}
	}
}
