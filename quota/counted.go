package quota

import "strconv"

// counted are the recipients of one message as far as they count: without the
// exempt ones, and with a list as so many as it weighs.
type counted struct {
	recipients *Recipients
	exempt     exemptRecipients
	n          int // of recipients, the exempt ones left out
	lists      []post
}

// len is how many recipients there are.
func (c *counted) len() int {
	n := c.n
	for i := range c.lists {
		n += c.more(&c.lists[i])
	}
	return n
}

// more is what a list counts beyond the one recipient that it is.
func (c *counted) more(p *post) int {
	if !p.domain.countMembers || p.redirected || c.exempt.contains(p.recipient) {
		return 0
	}
	return max(p.list.Members-1, 0)
}

// tellList makes v, where it refuses for good, tell of a list that alone counts as
// more than the limit: then it is no help to write to fewer others.
func (c *counted) tellList(v *Verdict) {
	tooMany := v.Reason == MessageLimit || v.Reason == WindowLimit && v.RetryAt.IsZero()
	if v.Action != Refuse || !tooMany {
		return
	}
	for i := range c.lists {
		if n := 1 + c.more(&c.lists[i]); n > 1 && n > v.Limit {
			v.List, v.Moderated, v.Members = c.lists[i].name, c.lists[i].list.Moderated, n
			return
		}
	}
}

// all yields each of them once. The members of a list, whom the directory only
// counts, stand as numbers behind the list's address: the same ones in each
// message to it.
func (c *counted) all(yield func(string) bool) {
	for address := range c.recipients.All() {
		if !c.exempt.contains(address) && !yield(address) {
			return
		}
	}
	for i := range c.lists {
		for n := range c.more(&c.lists[i]) {
			if !yield(c.lists[i].recipient + "#" + strconv.Itoa(n+1)) {
				return
			}
		}
	}
}
