package quota

import (
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/list"
)

// Config is the rules' part of the configuration file, at its top level.
type Config struct {
	// DefaultClass is the class of senders whom no class matches, and of those whom
	// the directory does not know. Left out: the class with the smallest
	// "recipients".
	DefaultClass string `toml:"default_class"`
	// Enforce "false" refuses nothing and logs "would_refuse"; everybody reaches every
	// list, nothing is redirected, and Reply-To is left alone. A class may differ; as
	// long as one is enforced, a sender who cannot be looked up gets 451 to a list.
	Enforce bool `toml:"enforce"`
	// Senders is about senders, clients and recipients that are treated differently.
	Senders SendersConfig `toml:"senders"`
	// Classes are the limits. Naming any class replaces the built-in ones.
	Classes map[string]ClassConfig `toml:"class"`
	// Premium is the class of designated senders, and the calendar of designations.
	Premium PremiumConfig `toml:"premium"`
	// Lists are the mailing lists: see lists.md.
	Lists list.Config `toml:"lists"`
	// Unavailable is what happens while LDAP is away.
	Unavailable UnavailableConfig `toml:"directory_unavailable"`
}

// SendersConfig is the table [senders].
type SendersConfig struct {
	// Unauthenticated is "pass" or "refuse": what becomes of messages without a SASL
	// login, in role submission. Do not refuse them on a service that takes mail from
	// elsewhere.
	Unauthenticated string `toml:"unauthenticated"`
	// ExemptNetworks are networks, as CIDR or single addresses, of clients whose
	// messages are not counted: the list manager, a backup MX.
	ExemptNetworks []string `toml:"exempt_networks"`
	// TrustedSubmitters are networks of clients that submit without SASL; their
	// envelope sender is taken for the login. The directory has to find senders by it
	// (with LDAP, a "user_filter" that has "(mail=%u)" too). From the null sender, a
	// message to one recipient passes, as a bounce does; a message to more is judged
	// by the default class, and all such messages are counted together as the sender
	// "<>".
	TrustedSubmitters []string `toml:"trusted_submitters"`
	// ExemptRecipients are left out of the count, one by one: addresses; bare local
	// parts, which match in every domain; or domains with their "@", as in
	// "@ac-test.fr", for internal mail without a limit (not their subdomains). The
	// rules of lists hold all the same.
	ExemptRecipients []string `toml:"exempt_recipients"`
	// RecipientDelimiter are the characters that separate a list's name from an
	// extension, as in Postfix's recipient_delimiter.
	RecipientDelimiter string `toml:"recipient_delimiter"`
}

// ClassConfig is a table [class.NAME].
type ClassConfig struct {
	// Recipients is the most distinct recipients of one message.
	Recipients *int `toml:"recipients"`
	// VisibleRecipients is the most addresses that a message may show in To and Cc, to
	// everybody who gets it. One that shows more is refused at its end: people are to
	// use blind copies (Bcc), or a list. Addresses in "exempt_recipients" are visible
	// too. Left out: any number.
	VisibleRecipients *int `toml:"visible_recipients"`
	// Enforce "false" refuses nothing to senders of this class, and logs
	// "would_refuse": limits and lists alike. Left out: as "enforce" at the top of the
	// file.
	Enforce *bool `toml:"enforce"`
	// Match says whose class it is: logins, and a domain, or an attribute and its values.
	// Left out: nobody's, but for "default_class" and [premium].
	Match MatchConfig `toml:"match"`
	// Windows are the rolling windows of the class, any number of them.
	Windows []WindowConfig `toml:"window"`
}

// WindowConfig is a table [[class.NAME.window]].
type WindowConfig struct {
	// Per is the length of the rolling period, as in "1h" or "24h".
	Per conf.Duration `toml:"per"`
	// Recipients is the most that any such period holds.
	Recipients int `toml:"recipients"`
	// Count is "distinct" (each recipient once) or "copies" (every recipient of every
	// message). Left out: "distinct".
	Count string `toml:"count"`
	// Exceeded is "defer" (450), "refuse" (550) or "hold": what becomes of a message that
	// will fit later. "hold" accepts it, and puts it on hold in Postfix's queue until an
	// administrator looks at it, even if it will never fit. Left out: "defer".
	Exceeded string `toml:"exceeded"`
}

// MatchConfig is a class's key match.
type MatchConfig struct {
	// Login are single senders, by their login in whatever case, as in
	// `match = { login = ["mdurand"] }`. It comes before everything else, premium too,
	// and holds while LDAP is away. Who has two logins is named by both.
	Login []string `toml:"login"`
	// Domain are domains of professional addresses, as in
	// `match = { domain = ["ecollege31.fr"] }`.
	Domain []string `toml:"domain"`
	// Attribute is the name of an attribute of the sender's entry, as in
	// `match = { attribute = "title", value = ["teacher"] }`.
	Attribute string `toml:"attribute"`
	// Value are values of the attribute, any of which matches.
	Value []string `toml:"value"`
}

// PremiumConfig is the rules' part of the table [premium]; the rest is the
// roster's.
type PremiumConfig struct {
	// Class is the class of the designated senders. Left out: "premium", if there is
	// such a class.
	Class string `toml:"class"`
}

// UnavailableConfig is the table [directory_unavailable].
type UnavailableConfig struct {
	// Premium is "defer" or "base": what becomes of a message above the default limit,
	// if it cannot be known whether the sender is premium. "base" refuses it at the
	// default limit all the same, and so bounces what a premium sender may send.
	Premium string `toml:"premium"`
	// List is "defer": what becomes of a message to a list, if it cannot be known who
	// may post. There is nothing else to choose.
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
