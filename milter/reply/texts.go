package reply

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// text is one text of a configuration.
type text struct {
	key string
	// value is where the configuration keeps it; empty: left out.
	value *string
	// instead is the more general text that is used when value is left out and that one
	// is configured; nil: there is none.
	instead *string
	// placeholders are those that the text may use.
	placeholders []string
}

// texts returns all texts of a configuration.
func (c *Config) texts() []text {
	common := []string{"{limit}", "{recipients}", "{contact}", "{ref}"}
	window := append(slices.Clone(common), "{used}", "{window}", "{retry_at}")
	visible := append(slices.Clone(common), "{visible}")
	list := append(slices.Clone(common), "{list}", "{managers}")
	members := append(slices.Clone(list), "{members}")
	return []text{
		{"contact", &c.Contact, nil, nil},
		{"message_limit", &c.MessageLimit, nil, common},
		{"unauthenticated", &c.Unauthenticated, nil, common},
		{"directory_unavailable", &c.DirectoryUnavailable, nil, common},
		{"window", &c.Window, nil, window},
		{"concurrency", &c.Concurrency, nil, common},
		{"store_unavailable", &c.StoreUnavailable, nil, common},
		{"visible_recipients", &c.VisibleRecipients, nil, visible},
		{"list_posting", &c.ListPosting, nil, list},
		{"list_login", &c.ListLogin, &c.ListPosting, list},
		{"list_from", &c.ListFrom, nil, list},
		{"list_from_envelope", &c.ListFromEnvelope, &c.ListFrom, list},
		{"list_from_missing", &c.ListFromMissing, &c.ListFrom, list},
		{"list_from_several", &c.ListFromSeveral, &c.ListFrom, list},
		{"list_from_malformed", &c.ListFromMalformed, &c.ListFrom, list},
		{"list_from_other_address", &c.ListFromOther, &c.ListFrom, list},
		{"list_from_name", &c.ListFromName, &c.ListFrom, list},
		{"list_from_encoding", &c.ListFromEncoding, &c.ListFrom, list},
		{"list_automatic", &c.ListAutomatic, nil, list},
		{"list_header", &c.ListHeader, nil, list},
		{"list_unchecked", &c.ListUnchecked, nil, list},
		{"list_unavailable", &c.ListUnavailable, nil, list},
		{"list_limit", &c.ListLimit, &c.MessageLimit, members},
	}
}

// withDefaults returns the configuration with the language's texts where it has none.
func (c Config) withDefaults() Config {
	all := languages[c.Language].texts
	own := c.texts()
	for i, t := range all.texts() {
		switch {
		case *own[i].value != "":
			*t.value = *own[i].value
		case own[i].instead != nil && *own[i].instead != "":
			*t.value = *own[i].instead
		}
	}
	return all
}

// Validate implements conf.Validator. It finds what an SMTP reply cannot carry.
func (c *Config) Validate() error {
	var errs []error
	if _, ok := languages[c.Language]; !ok {
		errs = append(errs, conf.Errorf("replies.language", `%q is not known; write "fr" or "en"`, c.Language))
	}
	for _, t := range c.texts() {
		errs = append(errs, t.check())
	}
	return errors.Join(errs...)
}

var (
	placeholder = regexp.MustCompile(`\{[^{}]*\}`)
	replyCode   = regexp.MustCompile(`^[245][0-9][0-9][ -]`)
)

// check finds what an SMTP reply cannot carry, and placeholders that mean nothing. Half
// of the line is left to the values of the placeholders.
func (t *text) check() error {
	key, value := "replies."+t.key, *t.value
	if i := strings.IndexFunc(value, unprintable); i >= 0 {
		return conf.Errorf(key, "an SMTP reply is one line of ASCII; %q has %q: write it without", value, []rune(value[i:])[0])
	}
	if len(value) > maxReply/2 {
		return conf.Errorf(key, "%d characters; write at most %d", len(value), maxReply/2)
	}
	if replyCode.MatchString(value) {
		return conf.Errorf(key, "%q begins with a reply code, which is not part of the text", value)
	}
	if rest := placeholder.ReplaceAllString(value, ""); strings.ContainsAny(rest, "{}") {
		return conf.Errorf(key, "%q has a lone brace; placeholders are written as in {limit}", value)
	}
	for _, p := range placeholder.FindAllString(value, -1) {
		switch {
		case len(t.placeholders) == 0:
			return conf.Errorf(key, "%s has no meaning here", p)
		case !slices.Contains(t.placeholders, p):
			return conf.Errorf(key, "%s is not known; write %s", p, strings.Join(t.placeholders, ", "))
		}
	}
	return nil
}
