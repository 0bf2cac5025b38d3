package reply

// ListConfig is the part of the table [replies] that is about lists. Its texts
// may also use {list}, its address, and {managers}, who may post in the language's
// own words.
type ListConfig struct {
	// ListPosting is the text of 550 5.7.1: only a list's managers may post. This text
	// and those below may also use "{list}" (while LDAP is away perhaps only its
	// domain, as "@listes.example.org") and "{managers}", as in "its moderators". Left
	// out: built in.
	ListPosting string `toml:"list_posting"`
	// ListLogin is the same for a sender who is not logged in, and so may be a manager.
	// Left out: your "list_posting", or built in.
	ListLogin string `toml:"list_login"`
	// ListFrom is the text of 550 5.7.1 for anything that is wrong with who a post is
	// from. Left out: built in, one for each of the following.
	ListFrom string `toml:"list_from"`
	// ListFromEnvelope is the text if the envelope sender is not the sender's own. Left
	// out: your "list_from", or built in.
	ListFromEnvelope string `toml:"list_from_envelope"`
	// ListFromMissing is the text if there is no From. Left out: your "list_from", or
	// built in.
	ListFromMissing string `toml:"list_from_missing"`
	// ListFromSeveral is the text if there are several addresses or fields. Left out:
	// your "list_from", or built in.
	ListFromSeveral string `toml:"list_from_several"`
	// ListFromMalformed is the text if From is no plain mailbox. Left out: your
	// "list_from", or built in.
	ListFromMalformed string `toml:"list_from_malformed"`
	// ListFromOther is the text if From has somebody else's address. Left out: your
	// "list_from", or built in.
	ListFromOther string `toml:"list_from_other_address"`
	// ListFromName is the text if the name has somebody else's address. Left out: your
	// "list_from", or built in.
	ListFromName string `toml:"list_from_name"`
	// ListFromEncoding is the text if the name cannot be read, and may hide an address.
	// Left out: your "list_from", or built in.
	ListFromEncoding string `toml:"list_from_encoding"`
	// ListAutomatic is the text of 550 5.7.1: a bounce or an automatic reply. Left out:
	// built in.
	ListAutomatic string `toml:"list_automatic"`
	// ListHeader is the text of 550 5.7.1: too many fields that would have to be
	// removed. Left out: built in.
	ListHeader string `toml:"list_header"`
	// ListUnchecked is the text of 550 5.7.1: the list takes no message whose header
	// is not seen. Left out: built in.
	ListUnchecked string `toml:"list_unchecked"`
	// ListUnavailable is the text of 451 4.3.0: who may post is not known now. Left
	// out: built in.
	ListUnavailable string `toml:"list_unavailable"`
	// ListLimit is the text of 550 5.5.3: the list alone counts as "{members}" recipients,
	// more than the limit. Left out: your "message_limit", or built in.
	ListLimit string `toml:"list_limit"`
}
