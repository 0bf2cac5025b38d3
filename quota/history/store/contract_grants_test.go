package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/history"
)

func grant(login string, n int) history.Grant {
	return history.Grant{ID: login + "-1", Login: login, Sender: "uid=" + login, Recipients: n, Until: at(50), Granted: at(0), By: "root", Why: "a \"trip\""}
}

func wantGrants(t *testing.T, s Store, want ...history.Grant) {
	t.Helper()
	got, err := s.Grants(t.Context())
	got = slices.Clone(got)
	slices.SortFunc(got, func(a, b history.Grant) int { return strings.Compare(a.ID, b.ID) })
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

// grants: what is granted is there, in other processes too, until it is removed.
func (c contract) grants() {
	s := c.open(c.T, many)
	anne, marie, zoe := grant("anne", 100), grant("marie", 1), grant("zoe", 5)
	wantGrants(c.T, s)
	change := func(remove []string, add ...history.Grant) {
		c.Helper()
		if err := s.Change(c.Context(), remove, add...); err != nil {
			c.Fatal(err)
		}
	}
	change(nil, anne, marie)
	wantGrants(c.T, s, anne, marie)
	change([]string{"marie-1", "nobody", ""}, zoe)
	wantGrants(c.T, s, anne, zoe)
	if err := s.Close(); err != nil {
		c.Fatal(err)
	}
	s = c.open(c.T, many)
	wantGrants(c.T, s, anne, zoe)
	change([]string{"anne-1", "zoe-1"})
	wantGrants(c.T, s)
	change(nil, marie)
	wantGrants(c.T, s, marie)
}

func (c contract) tooManyGrants() {
	s := c.open(c.T, many)
	var most []history.Grant
	for i := range history.MaxGrants {
		most = append(most, grant(fmt.Sprintf("s%04d", i), 1))
	}
	if err := s.Change(c.Context(), nil, most...); err != nil {
		c.Fatal(err)
	}
	if err := s.Change(c.Context(), nil, grant("t", 1)); !errors.Is(err, history.ErrTooManyGrants) {
		c.Errorf("one too many: %v", err)
	}
	wantGrants(c.T, s, most...)
	if err := s.Change(c.Context(), []string{"s0000-1"}, grant("t", 1)); err != nil {
		c.Error(err)
	}
	wantGrants(c.T, s, append(most[1:], grant("t", 1))...)
}
