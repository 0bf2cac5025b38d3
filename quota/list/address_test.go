package list

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// envelope is one recipient, as the set of recipients yields it.
func envelope(address string) iter.Seq[string] {
	return slices.Values([]string{mailaddr.RecipientKey(address)})
}

// candidates are the addresses that the directory is asked about because of one recipient.
func candidates(l *Rules, address string) []string {
	var asked []string
	for _, c := range l.Candidates(envelope(address)).all {
		asked = append(asked, c.address, c.plain)
	}
	return asked
}

func testLists() *Rules {
	return &Rules{domains: map[string]*domain{"l.fr": {name: "l.fr"}, "re.fr": {name: "re.fr"}}, delimiters: "+"}
}

// asksFor reports whether the directory is asked about the list.
func asksFor(l *Rules, address, list string) bool {
	return slices.Contains(candidates(l, address), list)
}

// FuzzListAddress checks that an address which is the list's for net/mail is the list's for
// us, and that every address that is looked up is in a list domain and normalised.
func FuzzListAddress(f *testing.F) {
	for _, a := range []string{"owned@l.fr", `"ow\ned"@L.fr`, "owned%l.fr@relay", `"a@b"@c`, "@a:b@l.fr", `"\"@l.fr`, "a!b!c%d@e", "owned%l.fr", "l.fr!owned"} {
		f.Add(a)
	}
	l := testLists()
	f.Fuzz(func(t *testing.T, address string) {
		for _, a := range candidates(l, address) {
			_, domain := mailaddr.Split(a)
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

// disguises are ways to write an address that some MTA resolves to the plain address.
var disguises = []func(*rand.Rand, string) string{
	func(_ *rand.Rand, a string) string { return strings.ToUpper(a) },
	func(_ *rand.Rand, a string) string { return a + "." },
	func(_ *rand.Rand, a string) string { return "@relay.fr,@other.fr:" + a },
	func(_ *rand.Rand, a string) string { return `"` + escape(a) + `"@relay.fr` },
	func(_ *rand.Rand, a string) string { return a + "@relay.fr" },
	func(_ *rand.Rand, a string) string {
		local, domain := mailaddr.Split(a)
		return local + "%" + domain + "@relay.fr"
	},
	func(_ *rand.Rand, a string) string {
		local, domain := mailaddr.Split(a)
		return domain + "!" + local + "@relay.fr"
	},
	func(r *rand.Rand, a string) string {
		local, domain := mailaddr.Split(a)
		if strings.HasPrefix(local, `"`) {
			return a
		}
		i := r.IntN(len(local) + 1)
		return `"` + escape(local[:i]) + escape(local[i:]) + `"@` + domain
	},
}

func escape(local string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) }

// TestDisguises: no two disguises together hide a list.
func TestDisguises(t *testing.T) {
	l := testLists()
	r := rand.New(rand.NewPCG(1, 2))
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

// TestNoWayRound: a list's address is recognised in every form that Postfix passes on or
// leaves to the next relay.
func TestNoWayRound(t *testing.T) {
	rules := mustRules(t, someRules)
	for _, address := range []string{
		"owned@l.fr", "OWNED@L.fr", "owned@l.fr.", "owned+x@l.fr", "owned+@l.fr", "owned+x+y@L.FR", `"owned"@l.fr`, `"ow\ned"@l.fr`,
		`"owned+x"@l.fr`, "owned%l.fr@relay.fr", "owned%L.fr%relay2.fr@relay.fr", "l.fr!owned@relay.fr", "relay2.fr!l.fr!owned@relay.fr",
		"@relay.fr:owned@l.fr", "@a.fr,@b.fr:owned@l.fr", `"owned@l.fr"@relay.fr`, "owned@l.fr@relay.fr", `"owned%l.fr"@relay.fr`,
		"owned+x%l.fr@relay.fr", "owned%l.fr@l.fr", `"owned@ l.fr"@relay.fr`, "\"owned\t%l.fr\"@relay.fr",
	} {
		if d := decide(t, rules, newListed(), "member", address); d.Refusal != MayNotPost || d.List != "owned@l.fr" {
			t.Errorf("%s: %v, list %q", address, d.Refusal, d.List)
		}
	}
	for _, address := range []string{
		"owned-request@l.fr", "owned-owner@l.fr", "owned-editor@l.fr", "owned-subscribe@l.fr", "owned-unsubscribe@l.fr",
		"owned-bounces@l.fr", "owned-bounces+me=x.fr@l.fr", "owned-confirm+1234@l.fr", "owned-join@l.fr", "owned-leave@l.fr",
		"owner-owned@l.fr", "sympa@l.fr", "listmaster@l.fr", "bounce+owned=x@l.fr", "abuse-feedback-report@l.fr", "postmaster@l.fr",
		"+owned@l.fr", "away@elsewhere.fr", "owned@sub.l.fr", "owned", "@", `"`, "%@!", "away-owner@l.fr",
	} {
		if d := decide(t, rules, newListed(), "member", address); d.Refusal != NotRefused || d.Unknown != "" {
			t.Errorf("%s: %v, unknown %q", address, d.Refusal, d.Unknown)
		}
	}
}

// TestExtensionOfAnotherList: a list whose name has the delimiter is itself.
func TestExtensionOfAnotherList(t *testing.T) {
	d := newListed()
	d["moderated@l.fr"] = &List{Owners: []Person{person("owner")}, Moderators: []Person{person("moderator")}, Moderated: true}
	d["moderated-6b@l.fr"] = d["owned@l.fr"]
	rules := mustRules(t, "[senders]\nrecipient_delimiter = \"-\"\n[lists]\ndomains = [\"l.fr\"]")
	for address, want := range map[string]Refusal{
		"moderated-6b@l.fr": NotRefused, "moderated-7a@l.fr": MayNotPost, "moderated-request@l.fr": NotRefused, "moderated+6b@l.fr": NotRefused,
	} {
		if d := decide(t, rules, d, "owner", address); d.Refusal != want {
			t.Errorf("%s: %v, want %v", address, d.Refusal, want)
		}
	}
}

// TestServiceAddressesWithOtherDelimiters: a list with something that Postfix takes for an
// extension is not a service address (split_addr(3), ownreq_special_address).
func TestServiceAddressesWithOtherDelimiters(t *testing.T) {
	for delimiters, want := range map[string]map[string]Refusal{
		"=": {"owned=x-owner@l.fr": MayNotPost, "owned=-request@l.fr": MayNotPost, "owned-owner=x@l.fr": NotRefused, "owned-request+x@l.fr": NotRefused},
		"+-": {"owned-owner@l.fr": MayNotPost, "owned-bounces+x@l.fr": MayNotPost, "owned-request+x@l.fr": MayNotPost, "owned+x-owner@l.fr": MayNotPost, "owned-request@l.fr": NotRefused,
			"owner-owned@l.fr": NotRefused, "mailer-daemon@l.fr": NotRefused, "none-owner@l.fr": NotRefused, "abuse-feedback-report@l.fr": NotRefused},
	} {
		rules := mustRules(t, fmt.Sprintf("[senders]\nrecipient_delimiter = %q\n[lists]\ndomains = [\"l.fr\"]", delimiters))
		for address, refusal := range want {
			if d := decide(t, rules, newListed(), "member", address); d.Refusal != refusal {
				t.Errorf("%q: %s: %v, list %q", delimiters, address, d.Refusal, d.List)
			}
		}
	}
}

// TestListBeyondASCII: a list is recognised however its domain and name are written, and
// the directory is asked for one spelling.
func TestListBeyondASCII(t *testing.T) {
	d := newListed()
	d["parents@xn--lyce-dpa.fr"] = d["owned@l.fr"]
	for _, domain := range []string{"lycée.fr", "xn--lyce-dpa.fr", "LYCÉE.fr"} {
		rules := mustRules(t, "[lists]\ndomains = [\""+domain+"\"]")
		for _, address := range []string{
			"parents@lycée.fr", "Parents@LYCÉE.FR", "parents@xn--lyce-dpa.fr", "parents+x@lycée.fr", "parents@lyce\u0301e.fr.",
			"parents%lycée.fr@relay.fr", "lycée.fr!parents@relay.fr", `"parents@lycée.fr"@relay.fr`, "@relay.fr:parents@lycée.fr",
			"parent\u017f@lycée.fr", "parent\u017f@xn--lyce-dpa.fr", "parents@lycée。fr",
		} {
			if d := decide(t, rules, d, "member", address); d.Refusal != MayNotPost || d.List != "parents@xn--lyce-dpa.fr" {
				t.Errorf("%s in %s: %v, list %q", address, domain, d.Refusal, d.List)
			}
		}
	}
}

// BenchmarkFind measures what list domains cost a message without lists, and one
// whose recipients may all be lists.
func BenchmarkFind(b *testing.B) {
	rules, directory := mustRules(b, someRules), listed{}
	for _, n := range []int{10, 1000, 5000} {
		for _, domain := range []string{"example.org", "l.fr"} {
			all := make(map[string]struct{})
			for i := range n {
				all[fmt.Sprintf("r%d@%s", i, domain)] = struct{}{}
			}
			b.Run(fmt.Sprintf("%s/recipients=%d", domain, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					candidates := rules.Candidates(maps.Keys(all))
					rules.Find(b.Context(), directory, &candidates)
				}
			})
		}
	}
}
