package quota

import "github.com/rcptquota/rcptquota/quota/conf"

// Config is the part of the configuration file that holds the rules, at its top level.
// [Compile] makes it ready for use.
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
	// TrustedSubmitters are networks that submit without SASL. Their envelope sender
	// takes the place of the login.
	TrustedSubmitters []string `toml:"trusted_submitters"`
	// ExemptRecipients are left out of the count: addresses, or bare local
	// parts, which match in every domain.
	ExemptRecipients []string `toml:"exempt_recipients"`
	// RecipientDelimiter holds the characters that separate a list's name from an
	// extension, as Postfix's recipient_delimiter does.
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
	// Recipients is the most that any such period may hold.
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

// PremiumConfig is the part of the table [premium] that belongs to the rules; the rest
// belongs to the roster.
type PremiumConfig struct {
	// Class of the designated senders; empty: the class "premium" if there is one.
	Class string `toml:"class"`
}

// UnavailableConfig is the table [directory_unavailable].
type UnavailableConfig struct {
	// Premium is "defer" or "base": what becomes of a message above the default
	// limit while the directory cannot say whether its sender is premium.
	Premium string `toml:"premium"`
	// List is "defer": what becomes of a message to an address that may be a list.
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

// builtInClasses are the classes where the file names none.
func builtInClasses() map[string]ClassConfig {
	return map[string]ClassConfig{
		"ecollege31": {Recipients: new(150), Match: MatchConfig{Domain: []string{"ecollege31.fr"}}},
		"entmip":     {Recipients: new(500), Match: MatchConfig{Domain: []string{"entmip.fr"}}},
		"premium":    {Recipients: new(5000)},
	}
}
