package list

import (
	"context"
	"errors"
	"testing"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// file is a configuration file with nothing but lists, as package conf reads it.
type file struct {
	Senders struct {
		RecipientDelimiter string `toml:"recipient_delimiter"`
	} `toml:"senders"`
	Lists Config `toml:"lists"`
	rules Rules
}

// Validate implements [conf.Validator].
func (f *file) Validate() (err error) {
	f.rules, err = Compile(&f.Lists, f.Senders.RecipientDelimiter)
	return err
}

// readRules compiles the rules of a configuration file.
func readRules(text string) (*Rules, error) {
	f := file{}
	f.Senders.RecipientDelimiter = "+"
	err := conf.Decode("t", []byte(text), &f)
	return &f.rules, err
}

// mustRules is readRules for a file without mistakes.
func mustRules(t testing.TB, text string) *Rules {
	t.Helper()
	rules, err := readRules(text)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

const someRules = `
[lists]
domains = ["l.fr"]
[[lists.domain]]
name = "open.fr"
unauthorised = "pass"
[[lists.domain]]
name = "re.fr"
unauthorised = "redirect"
`

// listed is a directory of lists, by their addresses. It cannot answer about addresses that
// begin with "away".
type listed map[string]*List

var errAway = errors.New("connection refused")

func (l listed) Lists(_ context.Context, addresses []string) []Answer {
	answers := make([]Answer, len(addresses))
	for i, a := range addresses {
		answers[i].List = l[a]
		if a[:4] == "away" {
			answers[i].Err = errAway
		}
	}
	return answers
}

func person(name string) Person {
	return Person{ID: name, Addresses: []string{name + "@entmip.fr", name + "@ecollege31.fr"}}
}

func newListed() listed {
	owned := &List{Owners: []Person{person("owner")}, Members: 40}
	return listed{"owned@l.fr": owned, "owned@open.fr": owned, "owned@re.fr": owned}
}

// decide applies enforced rules to a message of a person, from their own address, to one
// recipient. Nobody is the person "".
func decide(t testing.TB, rules *Rules, directory Directory, name, recipient string) Decision {
	t.Helper()
	who := Poster{}
	if name != "" {
		who = Poster{ID: name, Addresses: person(name).Addresses}
	}
	candidates := rules.Candidates(envelope(recipient))
	found := rules.Find(t.Context(), directory, &candidates)
	return Decide(&who, &found, &Message{EnvelopeSender: name + "@entmip.fr"}, true)
}
