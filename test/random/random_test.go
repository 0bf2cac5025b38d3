package random

import (
	"math/rand/v2"
	"testing"
)

// The seed is logged, and read from the environment; a test gets the same numbers each
// time, and another test others.
func TestASeedGivesTheSameNumbersAgain(t *testing.T) {
	restore := seed
	defer func() { seed = restore }()
	seed = func() (uint64, error) { return 7, nil }
	first, again := New(t), New(t)
	var other *rand.Rand
	t.Run("other", func(t *testing.T) { other = New(t) })
	a, b, c := first.Uint64(), again.Uint64(), other.Uint64()
	if a != b || a == c {
		t.Errorf("%d, again %d, of another test %d", a, b, c)
	}
	if x, y := Split(first).Uint64(), Split(again).Uint64(); x != y || x == a {
		t.Errorf("split: %d and %d", x, y)
	}
}
