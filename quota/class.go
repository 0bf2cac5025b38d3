package quota

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
	"github.com/rcptquota/rcptquota/quota/visible"
)

// Class is a named set of limits. A site chooses the names.
type Class struct {
	Name   string
	Limits Limits
	// Enforce is false for a class whose refusals are only logged, as
	// would_refuse.
	Enforce bool
	Match   Match
}

// Limits are what a class allows.
type Limits struct {
	// Recipients is the most distinct recipients of one message, at least 1.
	Recipients int
	// Visible is the most distinct addresses that To and Cc may show to everybody who
	// gets the message; 0: any number.
	Visible int
	// Windows count over messages; there may be none.
	Windows []Window
}

// Match says which senders belong to a class: by their login, by the domain of a
// professional address, or by the value of an attribute. The zero Match matches nobody.
type Match struct {
	// Logins are in lower case.
	Logins []string
	// Domains are in lower case and A-labels; a subdomain does not match.
	Domains []string
	// Attribute is the name of a directory attribute in lower case. A sender with one of
	// Values in it, in whatever case, belongs to the class.
	Attribute string
	Values    []string
}

// matches reports whether the directory's answer puts a sender into the class.
func (m *Match) matches(s *Sender) bool {
	rule, _ := m.why(s)
	return rule != ByDefault
}

// why says what in the directory's answer puts a sender into the class; [ByDefault] if
// nothing does.
func (m *Match) why(s *Sender) (rule ClassRule, match string) {
	for _, address := range s.Addresses {
		if _, domain := mailaddr.Split(address); slices.Contains(m.Domains, domain) {
			return ByDomain, domain
		}
	}
	if m.Attribute == "" {
		return ByDefault, ""
	}
	for _, value := range s.Attributes[m.Attribute] {
		if slices.ContainsFunc(m.Values, func(want string) bool { return strings.EqualFold(want, value) }) {
			return ByAttribute, m.Attribute + ": " + value
		}
	}
	return ByDefault, ""
}

var className = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func (c ClassConfig) compile(name string, enforce bool) (*Class, error) {
	class := &Class{Name: name, Enforce: enforce}
	if c.Enforce != nil {
		class.Enforce = *c.Enforce
	}
	var errs []error
	if !className.MatchString(name) {
		errs = append(errs, conf.Errorf("class."+name, "a class is named with letters, digits, - and _"))
	}
	if c.Recipients == nil {
		errs = append(errs, conf.Errorf("class."+name+".recipients", "missing; write how many recipients one message may have"))
	} else if n := *c.Recipients; n < 1 || n > MaxRecipients {
		errs = append(errs, conf.Errorf("class."+name+".recipients",
			"%d is no limit; write how many recipients one message may have, from 1 to %d", n, MaxRecipients))
	} else {
		class.Limits.Recipients = n
	}
	if c.VisibleRecipients != nil {
		if class.Limits.Visible = *c.VisibleRecipients; class.Limits.Visible < 1 || class.Limits.Visible > visible.Max {
			errs = append(errs, conf.Errorf("class."+name+".visible_recipients",
				"%d is no limit; write how many addresses a message may show, from 1 to %d, or leave it out", class.Limits.Visible, visible.Max))
		}
	}
	errs = append(errs, c.Match.compile(&class.Match, "class."+name+".match"))
	for i, w := range c.Windows {
		window, err := w.compile(fmt.Sprintf("class.%s.window[%d]", name, i))
		class.Limits.Windows = append(class.Limits.Windows, window)
		errs = append(errs, err)
	}
	return class, errors.Join(errs...)
}

// attributeName is an LDAP attribute description without options (RFC 4512
// section 2.5).
var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

func (m MatchConfig) compile(match *Match, key string) error {
	match.Attribute = strings.ToLower(m.Attribute)
	match.Values = m.Value
	var errs []error
	for _, login := range m.Login {
		if login == "" || strings.TrimSpace(login) != login {
			errs = append(errs, conf.Errorf(key+".login", "%q is not a login; write it as senders log in, in whatever case", login))
		}
		match.Logins = append(match.Logins, loginKey(login))
	}
	for _, domain := range m.Domain {
		if !mailaddr.IsDomain(domain) {
			errs = append(errs, conf.Errorf(key+".domain", "%q is not a domain; write it as in \"ecollege31.fr\"", domain))
		}
		match.Domains = append(match.Domains, mailaddr.DomainKey(domain))
	}
	if m.Attribute != "" && !attributeName.MatchString(m.Attribute) {
		errs = append(errs, conf.Errorf(key+".attribute", "%q is not the name of an attribute", m.Attribute))
	}
	switch {
	case len(m.Domain) > 0 && m.Attribute != "":
		errs = append(errs, conf.Errorf(key+".attribute", "a class matches by domain or by attribute, not by both; leave one out"))
	case m.Attribute != "" && len(m.Value) == 0:
		errs = append(errs, conf.Errorf(key+".value", "missing; list the values of %s that belong to the class", m.Attribute))
	case m.Attribute == "" && len(m.Value) > 0:
		errs = append(errs, conf.Errorf(key+".attribute", "missing; name the attribute that has these values"))
	}
	return errors.Join(errs...)
}

// limitCheck is the outcome of comparing a message with the limit of its sender's class.
// The zero value is a message within the limit.
type limitCheck struct {
	action Action
	reason Reason
	limit  int   // that is exceeded
	err    error // why it is in doubt, because of a grant
}

func (l limitCheck) exceeded() bool { return l.reason != NoReason }

// checkLimit compares the number of a message's recipients with its sender's class, and
// what they have been granted.
func (r *Rules) checkLimit(c *classification, n int) limitCheck {
	if c.class == nil || n <= c.limit() {
		return limitCheck{}
	}
	limit := c.limit()
	switch {
	case c.grant.err != nil && n <= MaxRecipients+r.highest: // a grant may allow it
		return limitCheck{enforced(Defer, c.class.Enforce), StoreUnavailable, limit, c.grant.err}
	case r.certain(c):
		return limitCheck{action: enforced(Refuse, c.class.Enforce), reason: MessageLimit, limit: limit}
	case n > r.highest+c.grant.most && r.allEnforced: // whatever the directory would say
		return limitCheck{action: Refuse, reason: MessageLimit, limit: r.highest + c.grant.n}
	}
	return limitCheck{action: enforced(Defer, c.class.Enforce), reason: DirectoryUnavailable, limit: limit}
}

// enforced returns the action, or WouldRefuse where the rule is not enforced.
func enforced(action Action, enforce bool) Action {
	if enforce {
		return action
	}
	return WouldRefuse
}
