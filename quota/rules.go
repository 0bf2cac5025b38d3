package quota

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// MaxRecipients is the highest limit a class may have, in distinct recipients
// of one message.
const MaxRecipients = 100_000

// rules are a configuration made ready: parsed, with every name resolved.
type rules struct {
	classes               []*Class  // the strictest first
	base                  *Class    // of senders that no class matches
	premium               *Class    // nil when designated senders have no class of their own
	highest               int       // limit of all classes
	neverMore             bool      // than highest passes: every class is enforced
	someEnforced          bool      // some class is
	retention             Retention // for the windows of all classes
	refuseUnauthenticated bool
	enforce               bool
	baseWhenUnknown       bool
	exemptNetworks        networks
	trustedSubmitters     networks
	exemptRecipients      exemptRecipients
	lists                 lists
}

func (c *Config) compile() (*rules, error) {
	r := &rules{enforce: c.Enforce}
	return r, errors.Join(
		c.compileClasses(r),
		c.compileSenders(r),
		c.compileLists(r),
		c.Unavailable.compileList(),
		choose(&r.baseWhenUnknown, "directory_unavailable.premium", c.Unavailable.Premium, "defer", "base"),
	)
}

func (c *Config) compileClasses(r *rules) error {
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
	}
	slices.SortStableFunc(r.classes, func(a, b *Class) int {
		return cmp.Compare(a.Limits.Recipients, b.Limits.Recipients)
	})
	r.highest = r.classes[len(r.classes)-1].Limits.Recipients
	r.neverMore = !slices.ContainsFunc(r.classes, func(class *Class) bool { return !class.Enforce })
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

// class returns the class of that name, or nil.
func (r *rules) class(name string) *Class {
	i := slices.IndexFunc(r.classes, func(c *Class) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return r.classes[i]
}

// pick sets class to the one that key names, if it names one.
func (r *rules) pick(class **Class, key, name string) error {
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

func (r *rules) classNames() string {
	names := make([]string, len(r.classes))
	for i, c := range r.classes {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

func (c *Config) compileSenders(r *rules) error {
	var errs [4]error
	errs[0] = choose(&r.refuseUnauthenticated, "senders.unauthenticated", c.Senders.Unauthenticated, "pass", "refuse")
	r.exemptNetworks, errs[1] = parseNetworks("senders.exempt_networks", c.Senders.ExemptNetworks)
	r.trustedSubmitters, errs[2] = parseNetworks("senders.trusted_submitters", c.Senders.TrustedSubmitters)
	r.exemptRecipients, errs[3] = parseExemptRecipients("senders.exempt_recipients", c.Senders.ExemptRecipients)
	return errors.Join(errs[:]...)
}

// choose sets second to whether value is the second of the two words allowed.
func choose(second *bool, key, value, firstWord, secondWord string) error {
	*second = value == secondWord
	if value != firstWord && value != secondWord {
		return conf.Errorf(key, "%q is not known; write %q or %q", value, firstWord, secondWord)
	}
	return nil
}
