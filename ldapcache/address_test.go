package ldapcache

import (
	"testing"

	"github.com/rcptquota/rcptquota/quota"
)

// Whose address it is is told from memory, unless several have it.
func TestLoginOfAddress(t *testing.T) {
	o := &oracle{}
	d := testDirectory(t, o)
	learn := func(login, id string) {
		o.set(quota.Sender{ID: id, Addresses: []string{"anne@ac-test.fr"}}, nil)
		if _, err := d.Sender(t.Context(), login); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct{ login, id, want string }{{"anne", "cn=anne", "anne"}, {"bruno", "cn=bruno", ""}} {
		learn(step.login, step.id)
		if got := d.LoginOfAddress("Anne@AC-test.fr"); got != step.want {
			t.Errorf("with %s: %q, want %q", step.login, got, step.want)
		}
	}
	if got := d.LoginOfAddress("zoe@ac-test.fr"); got != "" {
		t.Errorf("%q has an address that nobody has", got)
	}
}
