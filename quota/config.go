package quota

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// Config is the rules' part of the configuration file, at its top level.
type Config struct {
	// DefaultClass is the class of senders that no class matches; empty: the
	// strictest.
	DefaultClass string `toml:"default_class"`
	// Enforce false refuses nothing and logs would_refuse.
	Enforce     bool                   `toml:"enforce"`
	Senders     SendersConfig          `toml:"senders"`
	Classes     map[string]ClassConfig `toml:"class"`
	Premium     PremiumConfig          `toml:"premium"`
	Lists       ListsConfig            `toml:"lists"`
	Unavailable UnavailableConfig      `toml:"directory_unavailable"`
}

// SendersConfig is the table [senders].
type SendersConfig struct {
	// Unauthenticated is "pass" or "refuse": messages without a SASL login.
	Unauthenticated string `toml:"unauthenticated"`
	// ExemptNetworks are CIDR networks or single addresses whose messages are
	// not counted.
	ExemptNetworks []string `toml:"exempt_networks"`
	// TrustedSubmitters are networks that submit without SASL, and whose
	// envelope sender is taken for the login.
	TrustedSubmitters []string `toml:"trusted_submitters"`
	// ExemptRecipients are left out of the count: addresses, or bare local
	// parts, which match in every domain.
	ExemptRecipients []string `toml:"exempt_recipients"`
	// RecipientDelimiter has the characters that separate a list's name from an
	// extension, as Postfix's recipient_delimiter.
	RecipientDelimiter string `toml:"recipient_delimiter"`
}

// ClassConfig is a table [class.NAME].
type ClassConfig struct {
	Recipients *int        `toml:"recipients"`
	Enforce    *bool       `toml:"enforce"` // unset: as for all
	Match      MatchConfig `toml:"match"`
	// Windows are the tables [[class.NAME.window]].
	Windows []WindowConfig `toml:"window"`
}

// WindowConfig is a table [[class.NAME.window]].
type WindowConfig struct {
	// Per is the length of the rolling period.
	Per conf.Duration `toml:"per"`
	// Recipients is the most that any such period holds.
	Recipients int `toml:"recipients"`
	// Count is "distinct" or "copies"; empty: distinct.
	Count string `toml:"count"`
	// Exceeded is "defer" or "refuse"; empty: defer.
	Exceeded string `toml:"exceeded"`
}

// MatchConfig is a class's key match.
type MatchConfig struct {
	Domain    []string `toml:"domain"`
	Attribute string   `toml:"attribute"`
	Value     []string `toml:"value"`
}

// PremiumConfig is the rules' part of the table [premium]; the rest is the
// roster's.
type PremiumConfig struct {
	// Class of the designated senders; empty: the class "premium" if there is one.
	Class string `toml:"class"`
}

// UnavailableConfig is the table [directory_unavailable].
type UnavailableConfig struct {
	// Premium is "defer" or "base": a message above the limit that is certain,
	// when whether the sender is premium can't be known.
	Premium string `toml:"premium"`
	// List is "defer": a message to what may be a list.
	List string `toml:"list"`
}

// DefaultConfig returns the configuration of an empty file.
func DefaultConfig() Config {
	return Config{
		Enforce:     true,
		Senders:     SendersConfig{Unauthenticated: "pass", RecipientDelimiter: "+"},
		Unavailable: UnavailableConfig{Premium: "defer", List: "defer"},
	}
}

// builtInClasses are the networks' own limits, where the file names no class.
func builtInClasses() map[string]ClassConfig {
	return map[string]ClassConfig{
		"ecollege31": {Recipients: new(150), Match: MatchConfig{Domain: []string{"ecollege31.fr"}}},
		"entmip":     {Recipients: new(500), Match: MatchConfig{Domain: []string{"entmip.fr"}}},
		"premium":    {Recipients: new(5000)},
	}
}

// Validate implements conf.Validator.
func (c *Config) Validate() error {
	_, err := c.compile()
	return err
}

// MatchAttributes lists, in lower case, the directory attributes that classes
// match on.
func (c *Config) MatchAttributes() []string {
	var names []string
	for _, class := range c.Classes {
		if class.Match.Attribute != "" {
			names = append(names, strings.ToLower(class.Match.Attribute))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// HasWindows reports whether any class counts over messages, and so whether a
// [Counter] is needed.
func (c *Config) HasWindows() bool {
	for _, class := range c.Classes {
		if len(class.Windows) > 0 {
			return true
		}
	}
	return false
}

// HasPremium reports whether premium senders have a class of their own, and so
// whether it matters who they are; false for a configuration that is not valid.
func (c *Config) HasPremium() bool {
	r, err := c.compile()
	return err == nil && r.premium != nil
}

// HasLists reports whether addresses of any domain may be lists, so that the
// header of a message matters.
func (c *Config) HasLists() bool { return len(c.Lists.Domains)+len(c.Lists.PerDomain) > 0 }

// CountsMembers reports whether a list may count as its members, so that the
// directory has to count them.
func (c *Config) CountsMembers() bool {
	r, err := c.compile()
	return err == nil && slices.ContainsFunc(slices.Collect(maps.Values(r.lists.domains)), func(d *listDomain) bool { return d.countMembers })
}

// Summary tells in one line each what the rules say: the classes, from the
// strictest, and who belongs to the premium one, and the list domains. It is empty for a
// configuration that is not valid.
func (c *Config) Summary() []string {
	r, err := c.compile()
	if err != nil {
		return nil
	}
	var lines []string
	for _, class := range r.classes {
		parts := []string{fmt.Sprintf("class %s: %d recipients a message", class.Name, class.Limits.Recipients)}
		for _, w := range class.Limits.Windows {
			parts = append(parts, fmt.Sprintf("%d %s in %v", w.Recipients, w.Count, w.Per))
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
	for _, name := range slices.Sorted(maps.Keys(r.lists.domains)) {
		lines = append(lines, "lists in "+r.lists.domains[name].String()+r.openTo())
	}
	return lines
}

// ClassOf names the class of a sender. It is empty for a configuration that is
// not valid.
func (c *Config) ClassOf(sender *Sender) string {
	r, err := c.compile()
	if err != nil {
		return ""
	}
	class, _ := r.classOf(sender)
	return class.Name
}

// HighestLimit is the largest limit of any class, in recipients a message: what
// Postfix must let through to be told apart here; 0 for a configuration that is
// not valid.
func (c *Config) HighestLimit() int {
	r, err := c.compile()
	if err != nil {
		return 0
	}
	return r.highest
}
