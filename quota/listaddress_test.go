package quota

import (
	"fmt"
	"math/rand/v2"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// candidates are the addresses that the directory is asked about because of one recipient.
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

// asksFor reports whether the directory is asked about the list.
func asksFor(l *lists, address, list string) bool {
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
	policy := listPolicy(t, listRules+"[class.x]\nrecipients = 5", newListed(), nil)
	for _, address := range []string{
		"owned@l.fr", "OWNED@L.fr", "owned@l.fr.", "owned+x@l.fr", "owned+@l.fr", "owned+x+y@L.FR", `"owned"@l.fr`, `"ow\ned"@l.fr`,
		`"owned+x"@l.fr`, "owned%l.fr@relay.fr", "owned%L.fr%relay2.fr@relay.fr", "l.fr!owned@relay.fr", "relay2.fr!l.fr!owned@relay.fr",
		"@relay.fr:owned@l.fr", "@a.fr,@b.fr:owned@l.fr", `"owned@l.fr"@relay.fr`, "owned@l.fr@relay.fr", `"owned%l.fr"@relay.fr`,
		"owned+x%l.fr@relay.fr", "owned%l.fr@l.fr", `"owned@ l.fr"@relay.fr`, "\"owned\t%l.fr\"@relay.fr",
	} {
		v := policy.Judge(t.Context(), &Message{Login: "member", EnvelopeSender: "member@entmip.fr", Recipients: envelope(address)})
		if v.Action != Refuse || v.Reason != ListPosting || v.List != "owned@l.fr" {
			t.Errorf("%s: %v, %v, list %q", address, v.Action, v.Reason, v.List)
		}
	}
	for _, address := range []string{
		"owned-request@l.fr", "owned-owner@l.fr", "owned-editor@l.fr", "owned-subscribe@l.fr", "owned-unsubscribe@l.fr",
		"owned-bounces@l.fr", "owned-bounces+me=x.fr@l.fr", "owned-confirm+1234@l.fr", "owned-join@l.fr", "owned-leave@l.fr",
		"owner-owned@l.fr", "sympa@l.fr", "listmaster@l.fr", "bounce+owned=x@l.fr", "abuse-feedback-report@l.fr", "postmaster@l.fr",
		"+owned@l.fr", "away@elsewhere.fr", "owned@sub.l.fr", "owned", "@", `"`, "%@!", "away-owner@l.fr",
	} {
		v := policy.Judge(t.Context(), &Message{Login: "member", EnvelopeSender: "member@entmip.fr", Recipients: envelope(address)})
		if v.Action != Accept || v.Reason != NoReason {
			t.Errorf("%s: %v, %v", address, v.Action, v.Reason)
		}
	}
}

// TestExtensionOfAnotherList: a list whose name has the delimiter is itself.
func TestExtensionOfAnotherList(t *testing.T) {
	d := newListed()
	d.lists["moderated-6b@l.fr"] = d.lists["owned@l.fr"]
	policy := listPolicy(t, "[senders]\nrecipient_delimiter = \"-\"\n[lists]\ndomains = [\"l.fr\"]", d, nil)
	for address, want := range map[string]Action{
		"moderated-6b@l.fr": Accept, "moderated-7a@l.fr": Refuse, "moderated-request@l.fr": Accept, "moderated+6b@l.fr": Accept,
	} {
		v := policy.Judge(t.Context(), &Message{Login: "owner", EnvelopeSender: "owner@entmip.fr", Recipients: envelope(address)})
		if v.Action != want {
			t.Errorf("%s: %v, want %v", address, v.Action, want)
		}
	}
}

// TestServiceAddressesWithOtherDelimiters: a list with something that Postfix takes for an
// extension is not a service address (split_addr(3), ownreq_special_address).
func TestServiceAddressesWithOtherDelimiters(t *testing.T) {
	for delimiters, want := range map[string]map[string]Action{
		"=": {"owned=x-owner@l.fr": Refuse, "owned=-request@l.fr": Refuse, "owned-owner=x@l.fr": Accept, "owned-request+x@l.fr": Accept},
		"+-": {"owned-owner@l.fr": Refuse, "owned-bounces+x@l.fr": Refuse, "owned-request+x@l.fr": Refuse, "owned+x-owner@l.fr": Refuse, "owned-request@l.fr": Accept,
			"owner-owned@l.fr": Accept, "mailer-daemon@l.fr": Accept, "none-owner@l.fr": Accept, "abuse-feedback-report@l.fr": Accept},
	} {
		d := newListed()
		policy := listPolicy(t, fmt.Sprintf("[senders]\nrecipient_delimiter = %q\n[lists]\ndomains = [\"l.fr\"]", delimiters), d, nil)
		for address, action := range want {
			v := policy.Judge(t.Context(), &Message{Login: "member", EnvelopeSender: "member@entmip.fr", Recipients: envelope(address)})
			if v.Action != action {
				t.Errorf("%q: %s: %v, %v, list %q", delimiters, address, v.Action, v.Reason, v.List)
			}
		}
	}
}

// BenchmarkListRecipients measures what list domains cost a message without lists, and one
// whose recipients may all be lists.
func BenchmarkListRecipients(b *testing.B) {
	policy := listPolicy(b, listRules, newListed(), nil)
	for _, n := range []int{10, 1000, 5000} {
		for _, domain := range []string{"example.org", "l.fr"} {
			var r Recipients
			for i := range n {
				r.Add(fmt.Sprintf("r%d@%s", i, domain))
			}
			b.Run(fmt.Sprintf("%s/recipients=%d", domain, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					candidates, inDomain := policy.rules.lists.recipients(&r)
					policy.findLists(b.Context(), candidates, inDomain)
				}
			})
		}
	}
}
