package ldapcache

import (
	"slices"
	"testing"
)

func TestInAllLabels(t *testing.T) {
	got := inAllLabels("a@x.fr", "b@xn--lyce-dpa.fr", "c@xn--\x00.fr", "xn--lyce-dpa")
	want := []string{"a@x.fr", "b@xn--lyce-dpa.fr", "b@lycée.fr", "c@xn--\x00.fr", "xn--lyce-dpa", "lycée"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
