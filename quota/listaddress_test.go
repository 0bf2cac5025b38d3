package quota

import (
	"fmt"
	"math/rand/v2"
	"net/mail"
	"strings"
	"testing"
)

// candidates are the addresses that the directory is asked for on account of one
// recipient.
func candidates(l *lists, address string) []string {
	found, _ := l.recipients(envelope(address))
	var asked []string
	for _, c := range found {
		asked = append(asked, c.address, c.plain)
	}
	return asked
}

func testLists() *lists {
	return &lists{domains: map[string]*listDomain{"l.fr": {name: "l.fr"}, "re.fr": {name: "re.fr"}}, delimiters: "+"}
}

// asksFor reports whether the list is among what the directory is asked for.
func asksFor(l *lists, address, list string) bool {
	for _, a := range candidates(l, address) {
		if a == list {
			return true
		}
	}
	return false
}

// FuzzListAddress holds that an address which net/mail takes for the list's is
// the list's, and that whatever is asked for is in a list domain and normalised.
func FuzzListAddress(f *testing.F) {
	for _, a := range []string{"owned@l.fr", `"ow\ned"@L.fr`, "owned%l.fr@relay", `"a@b"@c`, "@a:b@l.fr", `"\"@l.fr`, "a!b!c%d@e"} {
		f.Add(a)
	}
	l := testLists()
	f.Fuzz(func(t *testing.T, address string) {
		for _, a := range candidates(l, address) {
			_, domain := splitAddress(a)
			if a != "" && l.domains[domain] == nil {
				t.Errorf("%q: the directory is asked for %q", address, a)
			}
		}
		parsed, err := mail.ParseAddress(address)
		if err == nil && strings.EqualFold(parsed.Address, "owned@l.fr") && parsed.Name == "" && !strings.ContainsAny(address, "<>() \t\r\n") &&
			!asksFor(l, address, "owned@l.fr") {
			t.Errorf("%q is the list for net/mail, and not for us", address)
		}
	})
}

// disguises are ways to write an address that some MTA still resolves to it.
var disguises = []func(*rand.Rand, string) string{
	func(_ *rand.Rand, a string) string { return strings.ToUpper(a) },
	func(_ *rand.Rand, a string) string { return a + "." },
	func(_ *rand.Rand, a string) string { return "@relay.fr,@other.fr:" + a },
	func(_ *rand.Rand, a string) string { return `"` + escape(a) + `"@relay.fr` },
	func(_ *rand.Rand, a string) string { return a + "@relay.fr" },
	func(_ *rand.Rand, a string) string {
		local, domain := splitAddress(a)
		return local + "%" + domain + "@relay.fr"
	},
	func(_ *rand.Rand, a string) string {
		local, domain := splitAddress(a)
		return domain + "!" + local + "@relay.fr"
	},
	func(r *rand.Rand, a string) string {
		local, domain := splitAddress(a)
		if strings.HasPrefix(local, `"`) {
			return a
		}
		i := r.IntN(len(local) + 1)
		return `"` + escape(local[:i]) + escape(local[i:]) + `"@` + domain
	},
}

func escape(local string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) }

// TestDisguises: no two disguises, one over the other, hide a list.
func TestDisguises(t *testing.T) {
	l := testLists()
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // to be the same again
	for range 20_000 {
		address := "owned@l.fr"
		if r.IntN(2) == 0 {
			address = fmt.Sprintf("owned+%d@l.fr", r.IntN(100))
		}
		for range 1 + r.IntN(2) {
			if !strings.HasPrefix(address, "@") { // a source route comes last
				address = disguises[r.IntN(len(disguises))](r, address)
			}
		}
		if !asksFor(l, address, "owned@l.fr") {
			t.Errorf("%s: the directory is asked for %q", address, candidates(l, address))
		}
	}
}
