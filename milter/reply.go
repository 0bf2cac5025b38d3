package milter

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// maxReply is the longest reply line without its CR LF, in bytes (RFC 5321
// section 4.5.3.1.5).
const maxReply = 512 - 2

// noQueueID stands for a queue id that Postfix has not given yet, in Postfix's
// own word.
const noQueueID = "NOQUEUE"

// RepliesConfig is the table [replies]: what mail users read. A text may use
// {limit}, {recipients}, {contact} and {ref}; an empty one is the built-in text
// of the language.
type RepliesConfig struct {
	// Language is "fr" or "en".
	Language string `toml:"language"`
	// Contact is whom to ask: an address, a telephone number, a web page.
	Contact string `toml:"contact"`
	// MessageLimit is the text of 550 5.5.3: too many recipients.
	MessageLimit string `toml:"message_limit"`
	// Unauthenticated is the text of 550 5.7.1: no login.
	Unauthenticated string `toml:"unauthenticated"`
	// DirectoryUnavailable is the text of 451 4.3.0: not known now.
	DirectoryUnavailable string `toml:"directory_unavailable"`
}

// DefaultReplies returns the table [replies] of an empty file.
func DefaultReplies() RepliesConfig { return RepliesConfig{Language: "fr"} }

// builtIn are the texts of each language, in ASCII, which any SMTP client shows.
var builtIn = map[string]RepliesConfig{
	"fr": {
		Contact: "l'assistance de votre etablissement",
		MessageLimit: "Message refuse: il a {recipients} destinataires et votre limite est de {limit} par message. " +
			"Reduisez leur nombre, ou adressez-vous a {contact} (reference {ref}).",
		Unauthenticated: "Message refuse: identifiez-vous pour envoyer du courrier par ce serveur, " +
			"ou adressez-vous a {contact} (reference {ref}).",
		DirectoryUnavailable: "Message differe: votre droit d'ecrire a {recipients} destinataires ne peut pas etre verifie " +
			"pour le moment. Renvoyez-le dans quelques minutes, ou adressez-vous a {contact} (reference {ref}).",
	},
	"en": {
		Contact: "your school's help desk",
		MessageLimit: "Message refused: it has {recipients} recipients and your limit is {limit} a message. " +
			"Send to fewer, or ask {contact} (reference {ref}).",
		Unauthenticated: "Message refused: log in to send mail through this server, " +
			"or ask {contact} (reference {ref}).",
		DirectoryUnavailable: "Message delayed: your right to write to {recipients} recipients cannot be checked just now. " +
			"Send it again in a few minutes, or ask {contact} (reference {ref}).",
	},
}

// Replies builds every SMTP reply of ours.
type Replies struct {
	texts RepliesConfig
}

// NewReplies makes the replies of a configuration. The error joins its mistakes,
// as [RepliesConfig.Validate] tells them.
func NewReplies(c RepliesConfig) (*Replies, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	texts := builtIn[c.Language]
	override(&texts.Contact, c.Contact)
	override(&texts.MessageLimit, c.MessageLimit)
	override(&texts.Unauthenticated, c.Unauthenticated)
	override(&texts.DirectoryUnavailable, c.DirectoryUnavailable)
	return &Replies{texts: texts}, nil
}

func override(text *string, by string) {
	if by != "" {
		*text = by
	}
}

// Validate implements conf.Validator.
func (c *RepliesConfig) Validate() error {
	var errs []error
	if _, known := builtIn[c.Language]; !known {
		errs = append(errs, conf.Errorf("replies.language", `%q is not known; write "fr" or "en"`, c.Language))
	}
	return errors.Join(append(errs,
		checkText("replies.contact", c.Contact, false),
		checkText("replies.message_limit", c.MessageLimit, true),
		checkText("replies.unauthenticated", c.Unauthenticated, true),
		checkText("replies.directory_unavailable", c.DirectoryUnavailable, true))...)
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// checkText finds what an SMTP reply cannot carry. Half of the line is left to
// what the placeholders stand for.
func checkText(key, text string, placeholders bool) error {
	if i := strings.IndexFunc(text, unprintable); i >= 0 {
		return conf.Errorf(key, "an SMTP reply is one line of ASCII; %q has %q: write it without", text, []rune(text[i:])[0])
	}
	if len(text) > maxReply/2 {
		return conf.Errorf(key, "%d characters; write at most %d", len(text), maxReply/2)
	}
	for _, p := range placeholder.FindAllString(text, -1) {
		switch {
		case !placeholders:
			return conf.Errorf(key, "%s has no meaning here", p)
		case p != "{limit}" && p != "{recipients}" && p != "{contact}" && p != "{ref}":
			return conf.Errorf(key, "%s is not known; write {limit}, {recipients}, {contact} or {ref}", p)
		}
	}
	return nil
}

func unprintable(r rune) bool { return r < ' ' || r > '~' }

// text returns the reply to a verdict that does not pass: code, enhanced code
// (RFC 3463) and one sentence, of printable ASCII, at most maxReply bytes. ref
// is the queue id to quote.
func (r *Replies) text(v *quota.Verdict, ref string) string {
	code, text := "451 4.3.0", r.texts.DirectoryUnavailable
	switch {
	case v.Action == quota.Refuse && v.Reason == quota.MessageLimit:
		code, text = "550 5.5.3", r.texts.MessageLimit
	case v.Action == quota.Refuse && v.Reason == quota.Unauthenticated:
		code, text = "550 5.7.1", r.texts.Unauthenticated
	}
	if ref == "" {
		ref = noQueueID
	}
	text = strings.NewReplacer(
		"{limit}", strconv.Itoa(v.Limit),
		"{recipients}", strconv.Itoa(v.Recipients),
		"{contact}", r.texts.Contact,
		"{ref}", ref,
	).Replace(text)
	line := code + " " + strings.Map(printable, text)
	return line[:min(len(line), maxReply)]
}

func printable(r rune) rune {
	if unprintable(r) {
		return '?'
	}
	return r
}

// wire is text as the milter protocol carries it: the MTA reads "%%" as "%".
func (r *Replies) wire(v *quota.Verdict, ref string) string {
	return strings.ReplaceAll(r.text(v, ref), "%", "%%")
}
