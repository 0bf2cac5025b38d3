//go:build servers

package ldapcache_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSearchesEqualTheDistinctSenders has a hundred thousand look-ups, from 64
// goroutines, of a thousand senders.
func TestSearchesEqualTheDistinctSenders(t *testing.T) {
	const people, goroutines, each = 1000, 64, 1563
	s := startSlapd(t)
	var tree strings.Builder
	for i := range people + 1 { // the last shows what one costs
		fmt.Fprintf(&tree, "dn: uid=u%d,ou=people,dc=ent,dc=test\nobjectClass: ENTPerson\n"+
			"uid: u%d\nENTPersonLogin: u%d\ncn: U\nsn: U\nmail: u%d@entmip.fr\n\n", i, i, i, i)
	}
	s.Add(tree.String())
	config := settings(s, s.URL())
	config.TTL.Duration = time.Hour
	d := open(t, config)
	if got, err := d.Sender(t.Context(), "pmartin"); !isFresh(got, err) {
		t.Fatalf("%+v, %v", got, err)
	}
	before := s.Searches()
	if got, err := d.Sender(t.Context(), fmt.Sprint("u", people)); !isFresh(got, err) {
		t.Fatalf("%+v, %v", got, err)
	}
	cost := s.Searches() - before
	before = s.Searches()
	start := time.Now()
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			turn := rand.New(rand.NewPCG(1, uint64(g)))
			for i := range each {
				login := fmt.Sprint("u", turn.IntN(people))
				if i < people/goroutines+1 { // so that each is asked for
					login = fmt.Sprint("u", (g+i*goroutines)%people)
				}
				if got, err := d.Sender(t.Context(), login); !isFresh(got, err) || got.Addresses[0] != login+"@entmip.fr" {
					t.Errorf("%s: %+v, %v", login, got, err)
				}
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	if searches := s.Searches() - before; cost < 1 || searches != people*cost {
		t.Errorf("%d searches, want %d for each of %d senders", searches, cost, people)
	}
	t.Logf("%d look-ups in %v", goroutines*each, took)
}
