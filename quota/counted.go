package quota

import "strconv"

// counted are the recipients of one message as far as they count: without the
// exempt ones, and with a list as so many as it weighs.
type counted struct {
	recipients *Recipients
	exempt     exemptRecipients
	n          int    // of recipients, the exempt ones left out
	weighed    []post // lists that count as their members
}

// count tells what counts of the recipients of a message.
func (r *Rules) count(m *Message, o *origin, lists *listDecision) counted {
	return counted{recipients: m.Recipients, exempt: r.exemptRecipients, n: o.recipients, weighed: lists.weighed}
}

// len is how many recipients there are.
func (c *counted) len() int {
	n := c.n
	for i := range c.weighed {
		n += c.more(&c.weighed[i])
	}
	return n
}

// more is what a list counts beyond the one recipient that it is.
func (c *counted) more(p *post) int {
	if c.exempt.contains(p.recipient) {
		return 0
	}
	return max(p.list.Members-1, 0)
}

// above finds a list that alone counts as more than the limit, so that writing to fewer
// others is no help, and the number that it counts as; nil when there is none.
func (c *counted) above(limit int) (*post, int) {
	for i := range c.weighed {
		if n := 1 + c.more(&c.weighed[i]); n > 1 && n > limit {
			return &c.weighed[i], n
		}
	}
	return nil, 0
}

// all yields each of them once. The directory counts the members of a list but does not
// name them, so they are numbers behind the list's address: the same ones in each
// message to it.
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
