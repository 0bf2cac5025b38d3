package service

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
)

// Completions are words with which a command may go on.
type Completions struct {
	Words []string `json:"words"`
}

// mostCompletions is how many words a shell is given.
const mostCompletions = 200

// complete answers GET /complete?kind=logins|lists&prefix=… from memory.
func (s *Service) complete(r *http.Request) (*Completions, error) {
	prefix, directory := r.URL.Query().Get("prefix"), s.InForce().Directory
	var words []string
	switch kind := r.URL.Query().Get("kind"); kind {
	case "logins":
		words = directory.Logins(prefix, mostCompletions)
	case "lists":
		words = directory.ListAddresses(prefix, mostCompletions)
	default:
		return nil, control.Errorf(http.StatusBadRequest, "%q cannot be completed; ask for logins or lists", kind)
	}
	return &Completions{slices.DeleteFunc(words, unsafeWord)}, nil
}

// unsafeWord reports whether a word has what would act on a shell or a terminal.
func unsafeWord(word string) bool {
	return strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(" '\"\\$`;&|<>(){}*?!#~:", r) })
}
