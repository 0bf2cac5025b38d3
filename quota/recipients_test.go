package quota

import (
	"fmt"
	"slices"
	"testing"
)

func TestRecipients(t *testing.T) {
	var r Recipients
	for _, a := range []string{"a@x.fr", "A@X.fr", "a+tag@x.fr", "a.b@x.fr", "É@x.fr", "é@x.fr"} {
		r.Add(a)
	}
	if got, want := slices.Sorted(r.All()), []string{"a+tag@x.fr", "a.b@x.fr", "a@x.fr", "é@x.fr"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	r.Reset()
	if r.Len() != 0 {
		t.Errorf("%d left after Reset", r.Len())
	}
	for i := range 2 * keepRecipients {
		r.Add(fmt.Sprint(i))
	}
	r.Reset()
	if r.set != nil {
		t.Error("a large set keeps its memory")
	}
}

// TestAddAllocatesNothing: a connection's later messages reuse the set of the
// first, and addresses in lower case are not copied.
func TestAddAllocatesNothing(t *testing.T) {
	var r Recipients
	addresses := slices.Collect(recipients(500).All())
	allocs := testing.AllocsPerRun(100, func() {
		for _, a := range addresses {
			r.Add(a)
		}
		r.Reset()
	})
	if allocs > 0 {
		t.Errorf("%v allocations for 500 recipients", allocs)
	}
}

func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{1, 10, 150, 1000} {
		addresses := slices.Collect(recipients(n).All())
		b.Run(fmt.Sprintf("recipients=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var r Recipients
			for b.Loop() {
				for _, a := range addresses {
					r.Add(a)
				}
				r.Reset()
			}
		})
	}
}

func FuzzRecipients(f *testing.F) {
	f.Add("Postmaster@Example.fr", "\"a@b\"@c")
	exempt := exemptRecipients{"postmaster": {}, "abuse@ac-test.fr": {}, "@example.fr": {}}
	f.Fuzz(func(t *testing.T, a, b string) {
		var r Recipients
		r.Add(a)
		r.Add(b)
		r.Add(a)
		if n := r.Len(); n < 1 || n > 2 {
			t.Errorf("%q and %q are %d recipients", a, b, n)
		}
		if n := exempt.count(&r); n < 0 || n > r.Len() {
			t.Errorf("%d of %d count", n, r.Len())
		}
	})
}
