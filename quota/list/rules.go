package list

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Unauthorised is what becomes of a message from somebody who may not post.
type Unauthorised int

const (
	// Refuse, the zero value, refuses it.
	Refuse Unauthorised = iota
	// Redirect sends it to the managers instead of the list.
	Redirect
	// Pass lets it through.
	Pass
)

// String says what becomes of such a message.
func (u Unauthorised) String() string {
	switch u {
	case Refuse:
		return "refused"
	case Redirect:
		return "redirected to the managers"
	case Pass:
		return "let through"
	}
	return "unknown"
}

// Rules are the rules of lists, compiled. The zero value has no list domain.
type Rules struct {
	domains    map[string]*domain // by name in lower case and A-labels
	delimiters string             // each byte is one (recipient_delimiter in postconf(5))
}

// domain is a domain in which addresses may be lists.
type domain struct {
	name           string
	unauthorised   Unauthorised
	keepReplyTo    bool
	countMembers   bool
	ignoresSenders bool // no sender_check
	// refusesGenerated refuses messages that a manager's program sends.
	refusesGenerated bool
}

// Any reports whether there are list domains.
func (r *Rules) Any() bool { return len(r.domains) > 0 }

// CountsMembers reports whether some lists count as their members.
func (r *Rules) CountsMembers() bool {
	for _, d := range r.domains {
		if d.countMembers {
			return true
		}
	}
	return false
}

// Summary describes the list domains, in the order of their names, in one line each.
func (r *Rules) Summary() []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(r.domains)) {
		lines = append(lines, r.domains[name].String())
	}
	return lines
}

// String returns the rules of the domain in one line.
func (d *domain) String() string {
	parts := []string{fmt.Sprintf("%s: who may not post is %v", d.name, d.unauthorised)}
	if d.keepReplyTo {
		parts = append(parts, "Reply-To is kept")
	}
	if d.countMembers {
		parts = append(parts, "a list counts as its members")
	}
	if d.ignoresSenders {
		parts = append(parts, "From is not checked")
	}
	if d.refusesGenerated {
		parts = append(parts, "no automatic messages, of managers either")
	}
	return strings.Join(parts, "; ")
}
