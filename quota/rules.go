package quota

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/list"
)

// MaxRecipients is the highest limit that a class may have, and the most that one sender
// may be granted on top of it, in distinct recipients of one message.
const MaxRecipients = 100_000

// Rules are a configuration compiled, once, into the form that decisions use: parsed,
// with every name resolved. They do not change.
type Rules struct {
	classes               []*Class // the strictest first
	logins                map[string]*Class
	base                  *Class    // of senders whom no class matches
	premium               *Class    // nil when designated senders have no class of their own
	highest               int       // limit of any class
	allEnforced           bool      // every class is enforced: more than highest never passes
	someEnforced          bool      // some class is enforced
	retention             Retention // of the windows of all classes
	refuseUnauthenticated bool
	enforce               bool
	baseWhenUnknown       bool
	exemptNetworks        networks
	trustedSubmitters     networks
	exemptRecipients      exemptRecipients
	lists                 list.Rules
}

// Compile makes the rules of a configuration. The error joins all of its mistakes, as
// [conf.Mistake] errors.
func Compile(c *Config) (*Rules, error) {
	r := &Rules{enforce: c.Enforce}
	err := errors.Join(
		r.compileClasses(c),
		r.compileSenders(&c.Senders),
		r.compileLists(c),
		conf.Choose(&r.baseWhenUnknown, "directory_unavailable.premium", c.Unavailable.Premium, "defer", "base"),
	)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Rules) compileClasses(c *Config) error {
	configured := c.Classes
	if len(configured) == 0 {
		configured = builtInClasses()
	}
	var errs []error
	domains := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(configured)) {
		class, err := configured[name].compile(name, c.Enforce)
		errs = append(errs, err)
		r.classes = append(r.classes, class)
		for _, domain := range class.Match.Domains {
			if other, taken := domains[domain]; taken {
				errs = append(errs, conf.Errorf("class."+name+".match.domain",
					"%q belongs to the class %q already; a domain has one class", domain, other))
			}
			domains[domain] = name
		}
		errs = append(errs, r.addLogins(class))
	}
	slices.SortStableFunc(r.classes, func(a, b *Class) int {
		return cmp.Compare(a.Limits.Recipients, b.Limits.Recipients)
	})
	r.highest = r.classes[len(r.classes)-1].Limits.Recipients
	r.allEnforced = !slices.ContainsFunc(r.classes, func(class *Class) bool { return !class.Enforce })
	r.someEnforced = slices.ContainsFunc(r.classes, func(class *Class) bool { return class.Enforce })
	for _, class := range r.classes {
		r.retention = r.retention.With(class.Limits.Windows)
	}
	r.base = r.classes[0]
	errs = append(errs, r.pick(&r.base, "default_class", c.DefaultClass))
	r.premium = r.class("premium")
	errs = append(errs, r.pick(&r.premium, "premium.class", c.Premium.Class))
	return errors.Join(errs...)
}

// addLogins adds the logins that a class names.
func (r *Rules) addLogins(class *Class) error {
	var errs []error
	for _, login := range class.Match.Logins {
		if other := r.logins[login]; other != nil {
			errs = append(errs, conf.Errorf("class."+class.Name+".match.login",
				"%q belongs to the class %q already; a login has one class", login, other.Name))
		}
		if r.logins == nil {
			r.logins = make(map[string]*Class)
		}
		r.logins[login] = class
	}
	return errors.Join(errs...)
}

// class returns the class of that name, or nil.
func (r *Rules) class(name string) *Class {
	i := slices.IndexFunc(r.classes, func(c *Class) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return r.classes[i]
}

// pick sets class to the class called name, the value of key, unless that is empty.
func (r *Rules) pick(class **Class, key, name string) error {
	if name == "" {
		return nil
	}
	found := r.class(name)
	if found == nil {
		return conf.Errorf(key, "there is no class %q; write a table [class.%s] or name one of %s", name, name, r.classNames())
	}
	*class = found
	return nil
}

func (r *Rules) classNames() string {
	names := make([]string, len(r.classes))
	for i, c := range r.classes {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

func (r *Rules) compileSenders(c *SendersConfig) error {
	var errs [4]error
	errs[0] = conf.Choose(&r.refuseUnauthenticated, "senders.unauthenticated", c.Unauthenticated, "pass", "refuse")
	r.exemptNetworks, errs[1] = parseNetworks("senders.exempt_networks", c.ExemptNetworks)
	r.trustedSubmitters, errs[2] = parseNetworks("senders.trusted_submitters", c.TrustedSubmitters)
	r.exemptRecipients, errs[3] = parseExemptRecipients("senders.exempt_recipients", c.ExemptRecipients)
	return errors.Join(errs[:]...)
}

// compileLists accepts one word only for what happens while it is unknown who may post: a
// list stays closed.
func (r *Rules) compileLists(c *Config) (err error) {
	r.lists, err = list.Compile(&c.Lists, c.Senders.RecipientDelimiter)
	if word := c.Unavailable.List; word != "defer" {
		err = errors.Join(err, conf.Errorf("directory_unavailable.list", "%q is not known; write \"defer\"", word))
	}
	return err
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
