package conf

import (
	"fmt"
	"slices"
	"strings"
)

// Word is for the UnmarshalText of an enumeration: it returns the index of text among
// the words that it may be, and 0 for an empty text. The error lists the words.
//
// A field of a configuration is a string nevertheless, and the enumeration is made of it
// when the configuration is compiled: the TOML library would take a number for a value
// of a type that is one, and would not tell the mistakes that are found later.
func Word(text []byte, words ...string) (int, error) {
	if len(text) == 0 {
		return 0, nil
	}
	i := slices.Index(words, string(text))
	if i >= 0 {
		return i, nil
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = fmt.Sprintf("%q", word)
	}
	return 0, fmt.Errorf("%q is not known; write %s", text, strings.Join(quoted, " or "))
}

// Choose sets second to whether value, that of key, is the second of the two words that it
// may be. The error is a [Mistake].
func Choose(second *bool, key, value, firstWord, secondWord string) error {
	*second = value == secondWord
	if value != firstWord && value != secondWord {
		return Errorf(key, "%q is not known; write %q or %q", value, firstWord, secondWord)
	}
	return nil
}
