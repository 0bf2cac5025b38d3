package visible

import (
	"fmt"
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		n      int
		fields []string
	}{
		{0, nil},
		{0, []string{""}},
		{1, []string{"anne@x.fr"}},
		{1, []string{"Anne <anne@x.fr>"}},
		{2, []string{"anne@x.fr, paul@x.fr"}},
		{2, []string{"anne@x.fr,,  ,paul@x.fr,"}},
		// Distinct ones, in several fields.
		{2, []string{"anne@x.fr, Anne <ANNE@X.fr>", "\"Anne D.\" <anne@x.fr>, paul@x.fr"}},
		{1, []string{"a@lyc\u00e9e.fr, a@LYC\u00c9E.fr, a@xn--lyce-dpa.fr"}},
		{1, []string{"\"anne\"@x.fr, anne@x.fr, \"an\\ne\"@x.fr"}},
		{2, []string{"anne@x.fr, anne@sub.x.fr"}},
		// Folds.
		{3, []string{"anne@x.fr,\r\n paul@x.fr,\n\tMarie\n <marie@x.fr>"}},
		// Names with commas, brackets and addresses.
		{2, []string{`"Durand, Anne" <anne@x.fr>, "a@y.fr, b@y.fr; <c@y.fr>" <paul@x.fr>`}},
		{1, []string{`"a \" b, c@y.fr" <anne@x.fr>`}},
		{2, []string{"Anne, Marie Durand <anne@x.fr>, paul@x.fr"}},
		{1, []string{"anne@old.fr <anne@x.fr>"}},
		// Encoded words, also wrong ones.
		{2, []string{"=?utf-8?q?Ren=C3=A9e?= <renee@x.fr>, =?ISO-8859-1?B?6Q==?= <paul@x.fr>"}},
		{1, []string{"=?utf-8?Q?Durand,_a@y.fr,_b@y.fr?= <anne@x.fr>"}},
		{1, []string{"=?utf-8?Q?Durand, a@y.fr, b@y.fr?= <anne@x.fr>"}},
		{0, []string{"=?utf-8?q?anne=40x.fr?="}},
		{0, []string{"=?utf-8?q?anne@x.fr?=, =?utf-8?q?a?=@x.fr"}},
		{2, []string{"=?utf-8?q?Anne <anne@x.fr>, paul@x.fr"}},
		// Bytes that are not ASCII, nor UTF-8.
		{2, []string{"Ren\xe9e <renee@x.fr>, \u5f20\u4f1f <zhang@x.cn>"}},
		{2, []string{"\u5f20@x.cn, ren\xe9e@x.fr"}},
		// Groups.
		{0, []string{"undisclosed-recipients:;"}},
		{2, []string{"6B: anne@x.fr, Paul <paul@x.fr>;"}},
		{4, []string{"\"6B, 6C\": a@x.fr, b@x.fr;, c@x.fr, 6D:;, d@x.fr"}},
		{2, []string{"a: anne@x.fr; b: paul@x.fr"}},
		// Semicolons, as some programs write them.
		{3, []string{"a@x.fr; b@x.fr ;c@x.fr"}},
		// Comments.
		{2, []string{"anne@x.fr (Anne, a@y.fr (of 6B), \\) b@y.fr), paul@(c@y.fr)x.fr"}},
		{1, []string{"(c@y.fr)<anne@x.fr>(d@y.fr)"}},
		// Obsolete routes and spaces; literals.
		{2, []string{"<@y.fr,@z.fr:anne@x.fr>, Paul <@y.fr:paul@x.fr>"}},
		{1, []string{"anne . durand @ x . fr, anne.durand@x.fr"}},
		{2, []string{"anne@[192.0.2.1], Paul <paul@[IPv6:2001:db8::1]>"}},
		// What cannot be read counts as nothing, and hides as little as possible.
		{0, []string{"anne", "anne@, @x.fr, @, <>, < >, a@b@c.fr"}},
		{1, []string{"a@x.fr b@x.fr, c@x.fr"}},
		{1, []string{"<a@x.fr, b@x.fr>, c@x.fr"}},
		{1, []string{"<a@x.fr> <b@x.fr>, c@x.fr"}},
		{1, []string{"<<a@x.fr>>, c@x.fr"}},
		{1, []string{"a@x.fr>, b)@x.fr, c\\@x.fr, d]@x.fr, e@x.fr"}},
		{1, []string{"a@x.fr, \"b@x.fr, c@x.fr"}},
		{1, []string{"a@x.fr, (b@x.fr, c@x.fr"}},
		{1, []string{"a@x.fr, Anne <b@x.fr, c@x.fr"}},
		{1, []string{"a@x.fr, b@[1.2.3.4, c@x.fr"}},
		{1, []string{"a@x.fr, \"b\\"}},
	} {
		var a Addresses
		for _, field := range c.fields {
			a.Add(field)
		}
		if a.Len() != c.n {
			t.Errorf("%q: %d addresses, want %d", c.fields, a.Len(), c.n)
		}
	}
}

// list is a field with n addresses, as mail programs write it.
func list(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\"Parent, %d\" <parent%d@example.org>,\n\t", i, i)
	}
	return b.String()
}

// TestMany: addresses are counted exactly up to [Max], and no memory is taken for more.
func TestMany(t *testing.T) {
	for n, want := range map[int]int{151: 151, Max: Max, Max + 1: Max + 1, 2 * Max: Max + 1} {
		var a Addresses
		a.Add(list(n))
		a.Add(list(n))
		if a.Len() != want {
			t.Errorf("%d addresses count as %d", n, a.Len())
		}
	}
}

func FuzzAddresses(f *testing.F) {
	for _, seed := range []string{
		"Anne <anne@x.fr>, \"b, c\" <b@x.fr>", "a: b@x.fr;", "=?utf-8?q?a,b?= <c@x.fr>", "<@a,@b:c@d>", "a@[::1] (x(y)z)", "\"a\\", "\xff@\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		var once, twice Addresses
		once.Add(value)
		n := once.Len()
		if n > strings.Count(value, "@") {
			t.Errorf("%q: %d addresses", value, n)
		}
		once.Add(value)
		if once.Len() != n {
			t.Errorf("%q: %d addresses, and then %d", value, n, once.Len())
		}
		// What stands before, and is whole, is counted whatever follows.
		twice.Add("first@before.example, second@before.example, " + value)
		if twice.Len() < 2 || twice.Len() > n+2 && !strings.Contains(value, "before.example") {
			t.Errorf("%q: %d addresses, with two before it %d", value, n, twice.Len())
		}
	})
}

func BenchmarkAddresses(b *testing.B) {
	for _, n := range []int{1, 10, 150, 1000} {
		value := list(n)
		b.Run(fmt.Sprintf("recipients=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var a Addresses
				a.Add(value)
			}
		})
	}
}
