//go:build servers

package ldapcache_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/test/servers"
)

// What each source of the contract holds: a sender with a list, and one without
// anything.
const schoolFile = `[[sender]]
login = "mdurand"
addresses = ["Marie.Durand@ecole.test"]
establishment = "0310001A"

[[sender]]
login = "pmartin"

[[list]]
address = "owned@listes.test"
owners = ["mdurand"]
`

const schoolTree = `dn: uid=mdurand,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: mdurand
ENTPersonLogin: mdurand
cn: Marie Durand
sn: Durand
mail: Marie.Durand@ecole.test
ENTPersonStructRattach: ENTStructureUAI=0310001A,ou=structures,dc=ent,dc=test

dn: uid=pmartin,ou=people,dc=ent,dc=test
objectClass: ENTPerson
uid: pmartin
ENTPersonLogin: pmartin
cn: Paul Martin
sn: Martin

dn: ENTStructureUAI=0310001A,ou=structures,dc=ent,dc=test
objectClass: ENTEtablissement
ENTStructureUAI: 0310001A
ou: Un

dn: cn=owned,ou=lists,dc=ent,dc=test
objectClass: groupOfNames
objectClass: rqList
cn: owned
mail: owned@listes.test
owner: uid=mdurand,ou=people,dc=ent,dc=test
member: uid=pmartin,ou=people,dc=ent,dc=test
`

// source is a directory that a test can take away.
type source struct {
	config              ldapcache.Config
	takeAway, bringBack func()
}

// fileSource is a directory in a file, which goes away by a mistake in it.
func fileSource(t *testing.T) source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "directory.toml")
	changes := 0
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		changes++
		at := time.Now().Add(-time.Hour + time.Duration(changes)*time.Second) // it has settled
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	write(schoolFile)
	config := ldapcache.DefaultConfig()
	config.File = path
	return source{
		config:    config,
		takeAway:  func() { write("no TOML") },
		bringBack: func() { write(schoolFile) },
	}
}

// ldapSource is a directory in LDAP whose answers are fresh for a moment only.
func ldapSource(t *testing.T) source {
	t.Helper()
	s := servers.StartSlapd(t)
	s.Add(schoolTree)
	return source{config: settings(s, s.URL()), takeAway: s.Stop, bringBack: s.Start}
}

// TestContract holds every source of a directory to what [quota.Directory] says.
func TestContract(t *testing.T) {
	for name, start := range map[string]func(*testing.T) source{"file": fileSource, "LDAP": ldapSource} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			t.Run("it can be asked", func(t *testing.T) { testAvailable(t, open(t, s.config)) })
			t.Run("it goes and comes back", func(t *testing.T) { testOutage(t, s) })
			t.Run("it is away for long", func(t *testing.T) { testLongOutage(t, s) })
		})
	}
}

var listAddresses = []string{"nobody@listes.test", "owned@listes.test", "mdurand@listes.test", "owned@listes.test"}

func testAvailable(t *testing.T, d ldapcache.Directory) {
	t.Helper()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			sender, err := d.Sender(t.Context(), "MDurand")
			if err != nil || sender.ID == "" || sender.Establishment != "0310001A" || sender.Premium || sender.Stale != nil ||
				!slices.Equal(sender.Addresses, []string{"marie.durand@ecole.test"}) {
				t.Errorf("%+v, %v", sender, err)
			}
			owner := list.Person{ID: sender.ID, Addresses: sender.Addresses}
			answers := d.Lists(t.Context(), listAddresses)
			if len(answers) != len(listAddresses) {
				t.Errorf("%d answers", len(answers))
				return
			}
			for i, a := range answers {
				isList := listAddresses[i] == "owned@listes.test"
				if a.Err != nil || (a.List != nil) != isList || isList && (a.List.Moderated || !reflect.DeepEqual(a.List.Managers(), []list.Person{owner})) {
					t.Errorf("%s: %+v", listAddresses[i], a)
				}
			}
			if got, err := d.Sender(t.Context(), "pmartin"); err != nil || got.ID == "" || got.ID == sender.ID || got.Addresses != nil || got.Attributes != nil {
				t.Errorf("without attributes: %+v, %v", got, err)
			}
			for _, login := range []string{"nobody", "*", "", "mdurand\x00", "\xff"} {
				if got, err := d.Sender(t.Context(), login); !errors.Is(err, quota.ErrAbsent) {
					t.Errorf("%q: %+v, %v", login, got, err)
				}
			}
			if designated, unresolved, err := d.Designations(t.Context()); err != nil || len(designated)+len(unresolved) > 0 {
				t.Errorf("designated: %+v, %q, %v", designated, unresolved, err)
			}
		})
	}
	all.Wait()
}

func testOutage(t *testing.T, s source) {
	t.Helper()
	d := open(t, s.config)
	before, err := d.Sender(t.Context(), "mdurand")
	if err != nil {
		t.Fatal(err)
	}
	d.Lists(t.Context(), listAddresses)
	if _, err := d.Sender(t.Context(), "nobody"); !errors.Is(err, quota.ErrAbsent) {
		t.Error(err)
	}
	s.takeAway()
	for range 2 {
		got, err := d.Sender(t.Context(), "mdurand")
		if err != nil || got.Stale == nil {
			t.Errorf("known: %+v, %v", got, err)
		}
		if got.Stale = nil; !reflect.DeepEqual(got, before) {
			t.Errorf("not what it said last: %+v; want %+v", got, before)
		}
		for _, login := range []string{"nobody", "never.asked.for"} {
			if got, err := d.Sender(t.Context(), login); !isUnavailable(err) {
				t.Errorf("%s: %+v, %v", login, got, err)
			}
		}
		for i, a := range d.Lists(t.Context(), listAddresses) {
			if a.List != nil || !isUnavailable(a.Err) {
				t.Errorf("%s: %+v", listAddresses[i], a)
			}
		}
		if designated, _, err := d.Designations(t.Context()); err == nil {
			t.Errorf("designated: %+v", designated)
		}
	}
	s.bringBack()
	await(t, d, "mdurand", "fresh again", func(got quota.Sender, err error) bool { return err == nil && reflect.DeepEqual(got, before) })
	testAvailable(t, d)
}

func testLongOutage(t *testing.T, s source) {
	t.Helper()
	s.config.TTL.Duration, s.config.NegativeTTL.Duration, s.config.StaleFor.Duration = 1, 1, 1
	d := open(t, s.config)
	if _, err := d.Sender(t.Context(), "mdurand"); err != nil {
		t.Fatal(err)
	}
	s.takeAway()
	for range 2 {
		if got, err := d.Sender(t.Context(), "mdurand"); !isUnavailable(err) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	s.bringBack()
	await(t, d, "mdurand", "fresh again", func(got quota.Sender, err error) bool { return err == nil && got.Stale == nil })
}
