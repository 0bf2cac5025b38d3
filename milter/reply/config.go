package reply

// Config is the table [replies]: what mail users read. A text may use
// {limit}, {recipients}, {contact} and {ref}, and what its comment names besides; an empty
// one is the built-in text of the language.
type Config struct {
	// Language is "fr" or "en".
	Language string `toml:"language"`
	// Contact is whom to ask: an address, a telephone number, a web page. Left out: the
	// help desk, in words.
	Contact string `toml:"contact"`
	// MessageLimit is the text of 550 5.5.3: too many recipients. Left out: built in.
	MessageLimit string `toml:"message_limit"`
	// Unauthenticated is the text of 550 5.7.1: no login. Left out: built in.
	Unauthenticated string `toml:"unauthenticated"`
	// DirectoryUnavailable is the text of 451 4.3.0: whether the sender may send to so
	// many cannot be known now. Left out: built in.
	DirectoryUnavailable string `toml:"directory_unavailable"`
	// Window is the text of 450 4.7.1 (550 5.7.1 if the window refuses): the window has
	// no room. It may also use "{used}", "{window}" and "{retry_at}". Left out: built
	// in.
	Window string `toml:"window"`
	// Concurrency is the text of 450 4.7.1: too many of the sender's messages are under
	// way at once. Left out: built in.
	Concurrency string `toml:"concurrency"`
	// StoreUnavailable is the text of 451 4.3.0: the counters are away. Left out: built
	// in.
	StoreUnavailable string `toml:"store_unavailable"`
	// VisibleRecipients is the text of 550 5.7.1: To and Cc show too many addresses to
	// everybody. It may also use "{visible}", how many. Left out: built in.
	VisibleRecipients string `toml:"visible_recipients"`
	ListConfig
}

// DefaultConfig returns the table [replies] of an empty file.
func DefaultConfig() Config { return Config{Language: "fr"} }
