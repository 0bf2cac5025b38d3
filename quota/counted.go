package quota

import "strconv"

// counted are the recipients of one message as they are counted: without the exempt
// ones, and with a list as its members where its domain says so.
type counted struct {
	recipients *Recipients
	exempt     exemptRecipients
	n          int    // recipients, without the exempt ones
	weighed    []post // lists that count as their members
}

// count returns the recipients of a message as they are counted for its sender, if there
// is one.
func (r *Rules) count(m *Message, o *origin, lists *listDecision) counted {
	c := counted{recipients: m.Recipients, exempt: r.exemptRecipients, n: o.recipients}
	if o.sender != "" {
		c.weighed = lists.weighed
	}
	return c
}

// len is how many recipients there are.
func (c *counted) len() int {
	n := c.n
	for i := range c.weighed {
		n += c.more(&c.weighed[i])
	}
	return n
}

// more is how many a list counts for beyond one.
func (c *counted) more(p *post) int {
	if c.exempt.contains(p.recipient) {
		return 0
	}
	return max(p.list.Members-1, 0)
}

// above finds a list that alone counts for more than the limit, so that leaving out
// other recipients would not help, and returns what it counts for; nil if there is none.
func (c *counted) above(limit int) (*post, int) {
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
			if !yield(c.weighed[i].recipient + "#" + strconv.Itoa(n+1)) {
				return
			}
		}
	}
}
