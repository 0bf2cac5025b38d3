package quota

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota/list"
)

// ClassRule is why a sender has their class.
type ClassRule int

const (
	// ByDefault, the zero value: no class matches, or the directory does not know the
	// sender.
	ByDefault ClassRule = iota
	// ByPremium: the sender is premium.
	ByPremium
	// ByLogin: the class names the login.
	ByLogin
	// ByDomain: a professional address is in a domain of the class.
	ByDomain
	// ByAttribute: an attribute has a value of the class.
	ByAttribute
)

// String names the rule as the configuration does.
func (r ClassRule) String() string {
	switch r {
	case ByDefault:
		return "default"
	case ByPremium:
		return "premium"
	case ByLogin:
		return "login"
	case ByDomain:
		return "domain"
	case ByAttribute:
		return "attribute"
	}
	return "unknown"
}

// About is what decides on the messages of one sender, whatever the messages are.
type About struct {
	// Sender is what the directory knows. It is zero where Err is not nil, which is as that
	// of [Directory].
	Sender Sender
	Err    error
	// Class is the sender's class, By is why, and Match is the domain or the attribute with
	// its value that matched; empty for other rules.
	Class *Class
	By    ClassRule
	Match string
	// Granted is what the sender has been granted; GrantErr says why there may be more that
	// is not known now.
	Granted  int
	GrantErr error
	// Limit is that of one message, and Windows are those of the class, both with what was
	// granted.
	Limit   int
	Windows []Window
	// CountedAs is the name under which messages are counted now ([Ticket]).
	CountedAs string
}

// About says what decides on the messages of a login. It counts nothing.
func (p *Policy) About(ctx context.Context, login string) About {
	sender, err := p.directory.Sender(ctx, login)
	if err != nil {
		sender = Sender{}
	}
	c, _ := p.classifySender(login, &sender, err, time.Now())
	a := About{
		Sender: sender, Err: err,
		Class: c.class, Granted: c.grant.n, GrantErr: c.grant.err, CountedAs: c.countedAs(),
		Limit: c.limit(), Windows: c.grant.raised(c.class.Limits.Windows),
	}
	a.By, a.Match = c.why(&sender)
	return a
}

// countedAs is the name under which a sender is counted: a person has one count under all
// of their logins.
func (c *classification) countedAs() string { return cmp.Or(c.id, strings.ToLower(c.sender)) }

// why says why a sender has their class.
func (c *classification) why(sender *Sender) (rule ClassRule, match string) {
	switch {
	case c.named:
		return ByLogin, ""
	case c.premium:
		return ByPremium, ""
	}
	return c.class.Match.why(sender)
}

// AboutLists says of each recipient of a message that is in a list domain, in the order of
// their names, what it is and whether the sender may write to it. It counts nothing. Of
// more than most of them, the first are told; more is the number of the others.
func (p *Policy) AboutLists(ctx context.Context, m *Message, most int) (cases []list.Case, more int) {
	r := p.rules
	recipients := slices.Sorted(func(yield func(string) bool) {
		for address := range m.Recipients.All() {
			if r.lists.Covers(address) && !yield(address) {
				return
			}
		}
	})
	if more = max(len(recipients)-most, 0); more > 0 {
		recipients = recipients[:most]
	}
	if len(recipients) == 0 {
		return nil, 0
	}
	o := r.originOf(m)
	c, who := p.classify(ctx, &o, time.Now())
	return r.lists.Explain(ctx, p.directory, recipients, &who, m.toLists(), c.closesLists), more
}
