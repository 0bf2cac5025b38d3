//go:build servers

package ldapcache_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/test/servers"
)

// maxWait bounds what a test waits for; it is many times what is needed.
const maxWait = 10 * time.Second

// tree has two schools; a person who holds private addresses too; two persons of
// the same uid; and a group that does not designate.
const tree = `dn: ENTStructureUAI=0310001A,ou=structures,dc=ent,dc=test
objectClass: ENTEtablissement
ENTStructureUAI: 0310001A
ou: Collège Un

dn: ENTStructureUAI=0310002B,ou=structures,dc=ent,dc=test
objectClass: ENTEtablissement
ENTStructureUAI: 0310002B
ou: Collège Deux

dn: uid=mdurand,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: mdurand
ENTPersonLogin: marie.durand
cn: Marie Durand
sn: Durand
mail: Marie.Durand@ecollege31.fr
ENTPersonAutresMails: marie@private.test
ENTPersonMailDiffusion: shown@private.test
ENTPersonStructRattach: ENTStructureUAI=0310001A,ou=structures,dc=ent,dc=test
ENTPersonProfils: National_ENS

dn: cn=Paul \2C (Martin) \5C*,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: pmartin
ENTPersonLogin: paul.martin
cn: Paul , (Martin) \*
sn: Martin
mail: paul.martin@entmip.fr
ENTPersonStructRattach: ENTStructureUAI=0310002B,ou=structures,dc=ent,dc=test

dn: uid=twin,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: twin
ENTPersonLogin: twin.one
cn: Twin
sn: One

dn: cn=twin,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: twin
ENTPersonLogin: twin.two
cn: twin
sn: Two

dn: uid=eloise,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: eloise
ENTPersonLogin: Éloïse
cn: Éloïse
sn: Éloïse

dn: cn=other,ou=groups,dc=ent,dc=test
objectClass: groupOfNames
cn: other
member: uid=mdurand,ou=people,dc=ent,dc=test

dn: cn=premium_0310001A,ou=groups,dc=ent,dc=test
objectClass: groupOfNames
cn: premium_0310001A
member: cn=admin,dc=ent,dc=test
`

func startSlapd(t *testing.T) *servers.Slapd {
	t.Helper()
	s := servers.StartSlapd(t)
	s.Add(tree)
	return s
}

// settings of a look-up in the servers, which forgets at once.
func settings(s *servers.Slapd, urls ...string) ldapcache.Config {
	config := ldapcache.DefaultConfig()
	config.Source = "ldap"
	config.Servers = urls
	config.Base = s.Base()
	config.TTL.Duration, config.NegativeTTL.Duration = 1, 1
	config.Timeout.Duration = maxWait
	return config
}

// withBind binds as the one who may read everything.
func withBind(t *testing.T, config ldapcache.Config, s *servers.Slapd, password string) ldapcache.Config {
	t.Helper()
	config.BindDN = s.BindDN()
	config.BindPasswordFile = filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(config.BindPasswordFile, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

// open opens a directory that leaves no goroutine behind. It is called after the
// servers were started.
func open(t *testing.T, config ldapcache.Config, attributes ...string) ldapcache.Directory {
	t.Helper()
	before := goleak.IgnoreCurrent()
	d, err := ldapcache.Open(config, attributes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		// But for the one that waits for the end of a server started since.
		goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait"))
	})
	return d
}

func isUnavailable(err error) bool {
	return err != nil && !errors.Is(err, quota.ErrAbsent) && !errors.Is(err, quota.ErrAmbiguous)
}

func isKnown(got quota.Sender, err error) bool { return err == nil && len(got.Addresses) == 1 }

func isFresh(got quota.Sender, err error) bool { return isKnown(got, err) && got.Stale == nil }

// await asks until the answer is the one wanted.
func await(t *testing.T, d quota.Directory, login string, what string, want func(quota.Sender, error) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), maxWait)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := d.Sender(ctx, login)
		if want(got, err) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s is not %s: %+v, %v", login, what, got, err)
		}
	}
}
