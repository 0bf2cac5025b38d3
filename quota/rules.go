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
