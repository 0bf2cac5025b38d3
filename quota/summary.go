package quota

import (
	"fmt"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
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
