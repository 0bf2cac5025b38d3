package quota

import (
	"errors"
	"strconv"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// counted are the recipients of one message as they are counted: without the exempt
// ones, and with a list as its members where its domain says so.
type counted struct {
	recipients *Recipients
	exempt     exemptRecipients
	n          int              // how many there are
	weighed    []list.Recipient // lists that count as their members
}

// count returns the recipients of a message as they are counted for its sender, if there
// is one.
func (r *Rules) count(m *Message, o *origin, lists *list.Decision) counted {
	c := counted{recipients: m.Recipients, exempt: r.exemptRecipients, n: o.recipients}
	if o.sender != "" {
		c.weighed = lists.Weighed
	}
	for i := range c.weighed {
		c.n += c.more(&c.weighed[i])
	}
	return c
}

// more is how many a list counts for beyond one.
func (c *counted) more(r *list.Recipient) int {
	if c.exempt.contains(r.Address) {
		return 0
	}
	return max(r.Members-1, 0)
}

// above finds a list that alone counts for more than the limit, so that leaving out
// other recipients would not help, and returns what it counts for; nil if there is none.
func (c *counted) above(limit int) (*list.Recipient, int) {
	for i := range c.weighed {
		if n := 1 + c.more(&c.weighed[i]); n > 1 && n > limit {
			return &c.weighed[i], n
		}
	}
	return nil, 0
}

// all yields each of them once. The directory counts the members of a list without
// naming them, so each is the list's address with a number, the same in every message.
func (c *counted) all(yield func(string) bool) {
	for address := range c.recipients.All() {
		if !c.exempt.contains(address) && !yield(address) {
			return
		}
	}
	for i := range c.weighed {
		for n := range c.more(&c.weighed[i]) {
			if !yield(c.weighed[i].Address + "#" + strconv.Itoa(n+1)) {
				return
			}
		}
	}
}

// exemptRecipients are the recipients that are not counted: bare names, which match
// in every domain, whole addresses, and whole domains, with their "@". They never exempt
// the message.
type exemptRecipients map[string]struct{}

// count returns how many of the recipients count.
func (e exemptRecipients) count(recipients *Recipients) int {
	n := recipients.Len()
	if len(e) == 0 {
		return n
	}
	for address := range recipients.All() {
		if e.contains(address) {
			n--
		}
	}
	return n
}

func (e exemptRecipients) contains(address string) bool {
	local, domain := mailaddr.Split(address)
	_, name := e[local]
	_, whole := e[address]
	_, all := e[address[len(address)-len(domain)-min(len(domain), 1):]] // "@" and the domain, not copied
	return name || whole || all
}

func parseExemptRecipients(key string, texts []string) (exemptRecipients, error) {
	exempt := exemptRecipients{}
	var errs []error
	for _, text := range texts {
		errs = append(errs, checkExemptRecipient(key, text))
		exempt[mailaddr.RecipientKey(text)] = struct{}{}
	}
	return exempt, errors.Join(errs...)
}

func checkExemptRecipient(key, text string) error {
	local, domain := mailaddr.Split(text)
	switch {
	case strings.HasPrefix(text, "@.") || strings.HasPrefix(text, "@*"):
		return conf.Errorf(key, "%q: a domain stands for itself alone; name each subdomain, as in \"@ac-test.fr\"", text)
	case local == "" && mailaddr.IsDomain(domain):
	case local == "" || strings.ContainsAny(text, " <>,*") || strings.Contains(text, "@") && domain == "":
		return conf.Errorf(key, "%q is not an address; write it as in \"abuse@ac-test.fr\", a bare \"postmaster\", or a domain as in \"@ac-test.fr\"", text)
	}
	return nil
}
