package quota

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// MaxRecipients is the highest limit a class may have, in distinct recipients
// of one message.
const MaxRecipients = 100_000

// maxPeriod bounds a window: what it counts is kept for so long.
const maxPeriod = 31 * 24 * time.Hour

// rules are a configuration made ready: parsed, with every name resolved.
type rules struct {
	classes               []*Class // the strictest first
	base                  *Class   // of senders that no class matches
	premium               *Class   // nil when designated senders have no class of their own
	ceiling               int      // the highest limit of all classes
	refuseUnauthenticated bool
	enforce               bool
	baseWhenUnknown       bool
	exemptNetworks        networks
	trustedSubmitters     networks
	exemptRecipients      exemptRecipients
}

func (c *Config) compile() (*rules, error) {
	r := &rules{enforce: c.Enforce}
	return r, errors.Join(
		c.compileClasses(r),
		c.compileSenders(r),
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
	r.ceiling = r.classes[len(r.classes)-1].Limits.Recipients
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

var className = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func (c ClassConfig) compile(name string, enforce bool) (*Class, error) {
	class := &Class{Name: name, Limits: Limits{Recipients: c.Recipients}, Enforce: enforce}
	if c.Enforce != nil {
		class.Enforce = *c.Enforce
	}
	var errs []error
	if !className.MatchString(name) {
		errs = append(errs, conf.Errorf("class."+name, "a class is named with letters, digits, - and _"))
	}
	if c.Recipients < 1 || c.Recipients > MaxRecipients {
		errs = append(errs, conf.Errorf("class."+name+".recipients",
			"%d is no limit; write how many recipients one message may have, from 1 to %d", c.Recipients, MaxRecipients))
	}
	errs = append(errs, c.Match.compile(&class.Match, "class."+name+".match"))
	for i, w := range c.Windows {
		window, err := w.compile(fmt.Sprintf("class.%s.window[%d]", name, i))
		class.Limits.Windows = append(class.Limits.Windows, window)
		errs = append(errs, err)
	}
	return class, errors.Join(errs...)
}

func (w WindowConfig) compile(key string) (Window, error) {
	window := Window{Per: time.Duration(w.Per), Recipients: w.Recipients, Count: w.Count, Exceeded: Defer}
	var errs []error
	if window.Per < time.Second || window.Per > maxPeriod {
		errs = append(errs, conf.Errorf(key+".per", "%v is no period; write one from 1s to %v, as in \"1h\"", window.Per, maxPeriod))
	}
	if w.Recipients < 1 || w.Recipients > MaxRecipients {
		errs = append(errs, conf.Errorf(key+".recipients",
			"%d is no limit; write how many recipients the period may hold, from 1 to %d", w.Recipients, MaxRecipients))
	}
	switch w.Exceeded {
	case "", "defer":
	case "refuse":
		window.Exceeded = Refuse
	default:
		errs = append(errs, conf.Errorf(key+".exceeded", "%q is not known; write \"defer\" or \"refuse\"", w.Exceeded))
	}
	return window, errors.Join(errs...)
}

func (m MatchConfig) compile(match *Match, key string) error {
	match.Attribute = strings.ToLower(m.Attribute)
	match.Values = m.Value
	var errs []error
	for _, domain := range m.Domain {
		if domain == "" || strings.ContainsAny(domain, "@* ") {
			errs = append(errs, conf.Errorf(key+".domain", "%q is not a domain; write it as in \"ecollege31.fr\"", domain))
		}
		match.Domains = append(match.Domains, strings.ToLower(domain))
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

func parseNetworks(key string, texts []string) (networks, error) {
	var parsed networks
	var errs []error
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			var addr netip.Addr
			addr, err = netip.ParseAddr(text)
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		switch {
		case err != nil:
			errs = append(errs, conf.Errorf(key, "%q is not a network; write it as in \"192.0.2.0/24\", \"2001:db8::/32\" or \"192.0.2.1\"", text))
		case prefix != prefix.Masked():
			errs = append(errs, conf.Errorf(key, "%q has bits beyond its mask; write %q", text, prefix.Masked()))
		default:
			parsed = append(parsed, prefix)
		}
	}
	return parsed, errors.Join(errs...)
}

func parseExemptRecipients(key string, texts []string) (exemptRecipients, error) {
	exempt := exemptRecipients{}
	var errs []error
	for _, text := range texts {
		local, domain := splitAddress(text)
		if local == "" || strings.ContainsAny(text, " <>,*") || strings.Contains(text, "@") && domain == "" {
			errs = append(errs, conf.Errorf(key, "%q is not an address; write it as in \"abuse@ac-test.fr\", or a bare \"postmaster\"", text))
		}
		exempt[strings.ToLower(text)] = struct{}{}
	}
	return exempt, errors.Join(errs...)
}
