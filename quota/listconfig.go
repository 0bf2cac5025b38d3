package quota

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// ListsConfig is the table [lists].
type ListsConfig struct {
	// Domains are those in which addresses may be lists.
	Domains []string `toml:"domains"`
	ListRulesConfig
	// PerDomain are the tables [[lists.domain]]: further domains, with rules of
	// their own.
	PerDomain []ListDomainConfig `toml:"domain"`
}

// ListRulesConfig says what becomes of mail to lists.
type ListRulesConfig struct {
	// Unauthorised is "refuse", "redirect" or "pass": a message of a sender who
	// may not post.
	Unauthorised string `toml:"unauthorised"`
	// ReplyTo is "managers" or "keep": the header Reply-To of a post.
	ReplyTo string `toml:"reply_to"`
	// Weight is "one" or "members": how many recipients a list counts as.
	Weight string `toml:"weight"`
	// SenderCheck wants From and envelope sender of a post to be its manager's
	// professional addresses.
	SenderCheck *bool `toml:"sender_check"`
}

// ListDomainConfig is a table [[lists.domain]]. What it leaves out is as in
// [lists].
type ListDomainConfig struct {
	Name string `toml:"name"`
	ListRulesConfig
}

// lists are the list domains, by name in lower case and A-labels.
type lists struct {
	domains    map[string]*listDomain
	delimiters string // each byte is one (recipient_delimiter in postconf(5))
}

// listDomain is a domain in which addresses may be lists.
type listDomain struct {
	name           string
	unauthorised   Action // Refuse, Redirect, or Accept for "pass"
	keepReplyTo    bool
	countMembers   bool
	ignoresSenders bool // no sender_check
}

func (c *Config) compileLists(r *rules) error {
	r.lists = lists{domains: map[string]*listDomain{}, delimiters: c.Senders.RecipientDelimiter}
	base, err := c.Lists.compile("lists", ListRulesConfig{})
	errs := []error{err}
	for _, name := range c.Lists.Domains {
		errs = append(errs, r.lists.add("lists.domains", name, base))
	}
	for i, d := range c.Lists.PerDomain {
		key := fmt.Sprintf("lists.domain[%d]", i)
		rules, err := d.compile(key, c.Lists.ListRulesConfig)
		errs = append(errs, err, r.lists.add(key+".name", d.Name, rules))
	}
	if i := strings.IndexFunc(c.Senders.RecipientDelimiter, notDelimiter); i >= 0 {
		errs = append(errs, conf.Errorf("senders.recipient_delimiter",
			"%q cannot separate an extension; write what Postfix has, as in \"+\"", c.Senders.RecipientDelimiter))
	}
	return errors.Join(errs...)
}

// notDelimiter reports whether r can stand in no local part, or everywhere in it.
func notDelimiter(r rune) bool {
	return r <= ' ' || r > '~' || r == '@' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// compile makes the rules of a domain, which take from base what they leave out.
func (c ListRulesConfig) compile(key string, base ListRulesConfig) (listDomain, error) {
	d := listDomain{}
	var errs []error
	switch word := cmp.Or(c.Unauthorised, base.Unauthorised, "refuse"); word {
	case "refuse":
		d.unauthorised = Refuse
	case "redirect":
		d.unauthorised = Redirect
	case "pass":
		d.unauthorised = Accept
	default:
		errs = append(errs, conf.Errorf(key+".unauthorised", "%q is not known; write \"refuse\", \"redirect\" or \"pass\"", word))
	}
	check := cmp.Or(c.SenderCheck, base.SenderCheck)
	d.ignoresSenders = check != nil && !*check
	return d, errors.Join(append(errs,
		choose(&d.keepReplyTo, key+".reply_to", cmp.Or(c.ReplyTo, base.ReplyTo, "managers"), "managers", "keep"),
		choose(&d.countMembers, key+".weight", cmp.Or(c.Weight, base.Weight, "one"), "one", "members"))...)
}

func (l *lists) add(key, name string, rules listDomain) error {
	domain := domainKey(name)
	if strings.Trim(domain, ".") != domain || !isDomain(name) {
		return conf.Errorf(key, "%q is not a domain; write it as in \"listes.ac-test.fr\"", name)
	}
	if _, twice := l.domains[domain]; twice {
		return conf.Errorf(key, "%q is a list domain already; write it once", name)
	}
	rules.name = domain
	l.domains[domain] = &rules
	return nil
}

// String tells the rules of the domain in one line.
func (d *listDomain) String() string {
	unauthorised := map[Action]string{Refuse: "refused", Redirect: "redirected to the managers", Accept: "let through"}
	parts := []string{d.name + ": who may not post is " + unauthorised[d.unauthorised]}
	if d.keepReplyTo {
		parts = append(parts, "Reply-To is kept")
	}
	if d.countMembers {
		parts = append(parts, "a list counts as its members")
	}
	if d.ignoresSenders {
		parts = append(parts, "From is not checked")
	}
	return strings.Join(parts, "; ")
}

// openTo tells to whom lists are open because rules are not enforced.
func (r *rules) openTo() string {
	switch {
	case !r.enforce && !r.someEnforced:
		return "; not enforced: everybody may post"
	case r.neverMore && r.enforce:
		return ""
	case r.neverMore:
		return "; not enforced for mail without a login"
	case r.enforce:
		return "; not enforced for some classes"
	}
	return "; not enforced for some classes, nor for mail without a login"
}

// compileList takes the one word that keeps a list closed while nobody knows who
// may post.
func (c UnavailableConfig) compileList() error {
	if c.List != "defer" {
		return conf.Errorf("directory_unavailable.list", "%q is not known; write \"defer\"", c.List)
	}
	return nil
}
