package list

import (
	"slices"
	"testing"
)

// TestManagersInListDomains: where a manager's own address is a list's, no message is
// redirected to it, and no reply goes there.
func TestManagersInListDomains(t *testing.T) {
	rules := mustRules(t, "[lists]\ndomains = [\"l.fr\"]")
	for _, address := range []string{
		"other@l.fr", "other@l.fr.", "other+x@l.fr", "other%l.fr@relay.fr", "l.fr!other@relay.fr", "owner-other@l.fr", "other@ſ.fr", "other@l.fr,x@entmip.fr", "-x@entmip.fr", "",
	} {
		r := Recipient{List: &List{Owners: []Person{{ID: "only", Addresses: []string{address}}, {ID: "also", Addresses: []string{address, "also@entmip.fr"}}}}, rules: rules}
		if got := r.ReplyAddresses(); !slices.Equal(got, []string{"also@entmip.fr"}) {
			t.Errorf("%q: %q", address, got)
		}
	}
}
