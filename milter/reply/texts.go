package reply

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// Config is the table [replies]: what mail users read. A text may use
// {limit}, {recipients}, {contact} and {ref}; an empty one is the built-in text
// of the language.
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
	ListConfig
}

// DefaultConfig returns the table [replies] of an empty file.
func DefaultConfig() Config { return Config{Language: "fr"} }

// builtIn are the texts of each language, in ASCII, which any SMTP client shows.
var builtIn = map[string]Config{
	"fr": {
		Contact: "l'assistance de votre etablissement",
		MessageLimit: "Message refuse: il a {recipients} destinataires et votre limite est de {limit} par message. " +
			"Reduisez leur nombre, ou adressez-vous a {contact} (reference {ref}).",
		Unauthenticated: "Message refuse: identifiez-vous pour envoyer du courrier par ce serveur, " +
			"ou adressez-vous a {contact} (reference {ref}).",
		DirectoryUnavailable: "Message differe: votre droit d'ecrire a {recipients} destinataires ne peut pas etre verifie " +
			"pour le moment. Renvoyez-le dans quelques minutes, ou adressez-vous a {contact} (reference {ref}).",
		Window: "En {window} vous avez ecrit a {used} destinataires; avec les {recipients} de ce message, vous depasseriez " +
			"votre limite de {limit}. Reessayez a partir du {retry_at}, ou adressez-vous a {contact} (reference {ref}).",
		Concurrency: "Message differe: trop de vos messages sont en cours d'envoi en meme temps. " +
			"Renvoyez celui-ci dans quelques minutes, ou adressez-vous a {contact} (reference {ref}).",
		StoreUnavailable: "Message differe: vos envois ne peuvent pas etre comptes pour le moment. " +
			"Renvoyez-le dans quelques minutes, ou adressez-vous a {contact} (reference {ref}).",
		ListConfig: frenchListReplies,
	},
	"en": {
		Contact: "your school's help desk",
		MessageLimit: "Message refused: it has {recipients} recipients and your limit is {limit} a message. " +
			"Send to fewer, or ask {contact} (reference {ref}).",
		Unauthenticated: "Message refused: log in to send mail through this server, " +
			"or ask {contact} (reference {ref}).",
		DirectoryUnavailable: "Message delayed: your right to write to {recipients} recipients cannot be checked just now. " +
			"Send it again in a few minutes, or ask {contact} (reference {ref}).",
		Window: "In {window} you wrote to {used} recipients; with the {recipients} of this message you would pass " +
			"your limit of {limit}. Send it again from {retry_at} on, or ask {contact} (reference {ref}).",
		Concurrency: "Message delayed: too many of your messages are being sent at the same time. " +
			"Send this one again in a few minutes, or ask {contact} (reference {ref}).",
		StoreUnavailable: "Message delayed: your messages cannot be counted just now. " +
			"Send it again in a few minutes, or ask {contact} (reference {ref}).",
		ListConfig: englishListReplies,
	},
}

// Validate implements conf.Validator.
func (c *Config) Validate() error {
	var errs []error
	if _, known := builtIn[c.Language]; !known {
		errs = append(errs, conf.Errorf("replies.language", `%q is not known; write "fr" or "en"`, c.Language))
	}
	common := []string{"{limit}", "{recipients}", "{contact}", "{ref}"}
	return errors.Join(append(errs,
		checkText("replies.contact", c.Contact),
		checkText("replies.message_limit", c.MessageLimit, common...),
		checkText("replies.unauthenticated", c.Unauthenticated, common...),
		checkText("replies.directory_unavailable", c.DirectoryUnavailable, common...),
		checkText("replies.window", c.Window, append(common, "{used}", "{window}", "{retry_at}")...),
		checkText("replies.concurrency", c.Concurrency, common...),
		checkText("replies.store_unavailable", c.StoreUnavailable, common...),
		c.validateLists(common))...)
}

var (
	placeholder = regexp.MustCompile(`\{[^{}]*\}`)
	replyCode   = regexp.MustCompile(`^[245][0-9][0-9][ -]`)
)

// checkText finds what an SMTP reply cannot carry, and placeholders that stand
// for nothing. Half of the line is left to what the others stand for.
func checkText(key, text string, allowed ...string) error {
	if i := strings.IndexFunc(text, unprintable); i >= 0 {
		return conf.Errorf(key, "an SMTP reply is one line of ASCII; %q has %q: write it without", text, []rune(text[i:])[0])
	}
	if len(text) > maxReply/2 {
		return conf.Errorf(key, "%d characters; write at most %d", len(text), maxReply/2)
	}
	if replyCode.MatchString(text) {
		return conf.Errorf(key, "%q begins with a reply code, which is not part of the text", text)
	}
	if rest := placeholder.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}") {
		return conf.Errorf(key, "%q has a lone brace; placeholders are written as in {limit}", text)
	}
	for _, p := range placeholder.FindAllString(text, -1) {
		switch {
		case len(allowed) == 0:
			return conf.Errorf(key, "%s has no meaning here", p)
		case !slices.Contains(allowed, p):
			return conf.Errorf(key, "%s is not known; write %s", p, strings.Join(allowed, ", "))
		}
	}
	return nil
}
