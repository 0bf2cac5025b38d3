package pitfall

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
)

// kind is what another milter does that matters for our place.
type kind int

const (
	unknown kind = iota
	signs        // must see the message as it leaves
	refuses      // at the end of a message
	changes      // the recipients
)

// The milters of the field are known by the names that their sockets and parameters
// have, and by the ports that their manuals give.
var kinds = []struct {
	kind kind
	name *regexp.Regexp
}{
	{signs, regexp.MustCompile(`(?i)dkim|openarc|\barc\b|:12301\b`)},
	{refuses, regexp.MustCompile(`(?i)rspamd|clam|spamass|dmarc|greylist|:11332\b`)},
	{changes, regexp.MustCompile(`(?i)mimedefang|mailmunge|bcc|mailfromd`)},
}

// kindOf is the kind of a milter by its address, or by the parameter that stands for it.
func kindOf(text string) kind {
	for _, k := range kinds {
		if k.name.MatchString(text) {
			return k.kind
		}
	}
	return unknown
}

// kindAt is the kind of a service's milter. Where each entry of the list is one milter,
// the parameter's name counts too.
func kindAt(s *postfix.Service, i int) kind {
	if k := kindOf(s.Milters[i].Address); k != unknown {
		return k
	}
	if entries := entries(s); len(entries) == len(s.Milters) {
		return kindOf(entries[i])
	}
	return unknown
}

// place looks for a milter of a kind before or after ours.
func (c *situation) place(k kind, before bool, sentence string) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		for i, m := range a.Milters {
			if kindAt(a.Service, i) == k && (i < a.index) == before && i != a.index {
				return one(m.Address+sentence, c.setList(a.Service, c.ordered(a)))
			}
		}
		return nil
	})
}

// ordered is the service's list with us in our place: last, but before what signs.
func (c *situation) ordered(a asked) string {
	entries := entries(a.Service)
	if len(entries) != len(a.Milters) {
		entries = nil
		for _, m := range a.Milters {
			entries = append(entries, m.String())
		}
	}
	var before, after []string
	for i, entry := range entries {
		switch {
		case i == a.index:
		case kindAt(a.Service, i) == signs || kindAt(a.Service, i) == changes || i > a.index && kindAt(a.Service, i) == unknown:
			after = append(after, entry)
		default:
			before = append(before, entry)
		}
	}
	return strings.Join(slices.Concat(before, entries[a.index:a.index+1], after), ",")
}

func behindSigner(c *situation) []Finding {
	return c.place(signs, true, " signs, and comes before rcptquota: the Reply-To of list posts breaks its signature")
}

func notLast(c *situation) []Finding {
	return c.place(refuses, false, " refuses messages, and comes after rcptquota: what it refuses stays counted, since rcptquota has seen the end of the message")
}

func behindChanger(c *situation) []Finding {
	return c.place(changes, true, " may change recipients, and comes before rcptquota, which judges and removes those that the client named")
}
