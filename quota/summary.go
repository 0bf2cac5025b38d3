package quota

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/list"
)

// Summary describes the rules in one line each: the classes, from the strictest on, and
// the list domains.
func (r *Rules) Summary() []string {
	var lines []string
	for _, class := range r.classes {
		parts := []string{fmt.Sprintf("class %s: %d recipients a message", class.Name, class.Limits.Recipients)}
		if n := class.Limits.Visible; n > 0 {
			parts = append(parts, fmt.Sprintf("%d visible in To and Cc", n))
		}
		for _, w := range class.Limits.Windows {
			parts = append(parts, fmt.Sprintf("%d %s in %v", w.Recipients, w.Count, conf.Duration{Duration: w.Per}))
		}
		if n := len(class.Match.Logins); n > 0 {
			parts = append(parts, fmt.Sprintf("of %d logins by name", n))
		}
		if class == r.base {
			parts = append(parts, "the default")
		}
		if class == r.premium {
			parts = append(parts, "of premium senders")
		}
		if !class.Enforce {
			parts = append(parts, "not enforced")
		}
		lines = append(lines, strings.Join(parts, "; "))
	}
	if r.premium == nil {
		lines = append(lines, "no class for premium senders")
	}
	for _, domain := range r.lists.Summary() {
		lines = append(lines, "lists in "+domain+r.openTo())
	}
	return lines
}

// openTo says for whom lists are open because rules are not enforced.
func (r *Rules) openTo() string {
	switch {
	case !r.enforce && !r.someEnforced:
		return "; not enforced: everybody may post"
	case r.allEnforced && r.enforce:
		return ""
	case r.allEnforced:
		return "; not enforced for mail without a login"
	case r.enforce:
		return "; not enforced for some classes"
	}
	return "; not enforced for some classes, nor for mail without a login"
}

// ClassOf names the class of the sender with that login, of whom the directory says
// sender.
func (r *Rules) ClassOf(login string, sender *Sender) string {
	if class := r.classNaming(login); class != nil {
		return class.Name
	}
	class, _ := r.classOf(sender)
	return class.Name
}

// HighestLimit is the largest limit of any class, in recipients a message. Postfix has
// to let through at least one more, so that rcptquota sees the messages above it.
func (r *Rules) HighestLimit() int { return r.highest }

// HasPremium reports whether premium senders have a class of their own. If not, it does
// not matter who they are.
func (r *Rules) HasPremium() bool { return r.premium != nil }

// HasWindows reports whether any class has windows, so that a [Counter] is needed.
func (r *Rules) HasWindows() bool {
	return slices.ContainsFunc(r.classes, func(class *Class) bool { return len(class.Limits.Windows) > 0 })
}

// Holds reports whether any window puts messages on hold.
func (r *Rules) Holds() bool {
	return slices.ContainsFunc(r.classes, func(class *Class) bool {
		return slices.ContainsFunc(class.Limits.Windows, func(w Window) bool { return w.Exceeded == Hold })
	})
}

// LimitsVisible reports whether any class limits the addresses that a message shows, so
// that its header is needed.
func (r *Rules) LimitsVisible() bool {
	return slices.ContainsFunc(r.classes, func(class *Class) bool { return class.Limits.Visible > 0 })
}

// Windows are the windows of the class of that name; nil where there is no such class.
func (r *Rules) Windows(class string) []Window {
	if c := r.class(class); c != nil {
		return c.Limits.Windows
	}
	return nil
}

// Lists are the rules of lists.
func (r *Rules) Lists() *list.Rules { return &r.lists }

// MatchAttributes returns, in lower case, the directory attributes that classes match on.
func (r *Rules) MatchAttributes() []string {
	var names []string
	for _, class := range r.classes {
		if class.Match.Attribute != "" {
			names = append(names, class.Match.Attribute)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// WindowsOf returns the windows of the class of that name, and what a counter keeps for
// the windows of all classes; none, if there is no such class.
func (r *Rules) WindowsOf(class string) ([]Window, Retention) {
	c := r.class(class)
	if c == nil {
		return nil, r.retention
	}
	return c.Limits.Windows, r.retention
}
