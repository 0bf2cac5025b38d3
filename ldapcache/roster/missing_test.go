package roster

import (
	"errors"
	"testing"
)

// copyOf is a copy with so many premium senders, each of an establishment of its
// own, and so many entries that name nobody.
func copyOf(elected, unresolved int) *Copy {
	return &Copy{Elected: crowded(elected).entered, Unresolved: make([]string, unresolved)}
}

func TestMissing(t *testing.T) {
	one := &Copy{ // an establishment with three, and three lost
		Elected: []Designation{{"0310001A", "1", ""}, {"0310001A", "2", ""}, {"0310001A", "3", ""}},
		Lost:    []Designation{{"0310001A", "4", ""}, {"0310001A", "5", ""}, {"0310001A", "6", ""}},
	}
	for name, c := range map[string]struct {
		before, next *Copy
		limit        int
		doubted      bool
	}{
		"first, nobody":                       {nil, copyOf(0, 0), 3, false},
		"first, two that name nobody":         {nil, copyOf(0, 2), 3, false},
		"first, three that name nobody":       {nil, copyOf(0, 3), 3, true},
		"first, one found of many":            {nil, copyOf(1, 30), 3, false},
		"two, then nobody":                    {copyOf(2, 0), copyOf(0, 0), 3, false},
		"three, then nobody":                  {copyOf(3, 0), copyOf(0, 0), 3, true},
		"nobody, then nobody":                 {copyOf(0, 9), copyOf(0, 9), 3, false},
		"nine, then one":                      {copyOf(9, 0), copyOf(1, 0), 3, false},
		"ten, then five":                      {copyOf(10, 0), copyOf(5, 0), 3, false},
		"ten, then four":                      {copyOf(10, 0), copyOf(4, 0), 3, true},
		"many, then more":                     {copyOf(300, 0), copyOf(900, 0), 3, false},
		"those who lost do not count":         {one, copyOf(1, 0), 3, false},
		"a limit that was lowered is no loss": {&Copy{Elected: append(copyOf(9, 0).Elected, one.Elected...)}, copyOf(5, 0), 1, false},
	} {
		if err := Missing(c.before, c.next, c.limit); errors.Is(err, errMissing) != c.doubted {
			t.Errorf("%s: %v", name, err)
		}
	}
}
