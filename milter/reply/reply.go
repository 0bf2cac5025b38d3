package reply

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list/from"
)

// maxReply is the longest reply line without its CR LF, in bytes (RFC 5321
// section 4.5.3.1.5).
const maxReply = 512 - 2

// noQueueID is used while Postfix has no queue id, as in Postfix's own log.
const noQueueID = "NOQUEUE"

// Replies builds all of our SMTP replies. Make it with [New].
type Replies struct {
	language language
	texts    Config
}

// New makes the replies of a configuration. The error joins its mistakes, as that
// of [Config.Validate] does.
func New(c Config) (*Replies, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Replies{language: languages[c.Language], texts: c.withDefaults()}, nil
}

// Text returns the reply for a verdict that stops the message: code, enhanced code (RFC
// 3463) and text in printable ASCII, at most 510 bytes. queueID is the reference to
// quote; it may be empty.
func (r *Replies) Text(v *quota.Verdict, queueID string) string {
	codes, text := r.template(v)
	if queueID == "" {
		queueID = noQueueID
	}
	text = strings.NewReplacer(
		"{limit}", strconv.Itoa(v.Limit),
		"{recipients}", strconv.Itoa(v.Recipients),
		"{contact}", r.texts.Contact,
		"{ref}", queueID,
		"{visible}", strconv.Itoa(v.Visible),
		"{used}", strconv.Itoa(v.Used),
		"{window}", r.language.period(v.Window.Per),
		"{retry_at}", r.language.moment(v.RetryAt),
		"{list}", v.List,
		"{managers}", r.language.managers[v.Moderated],
		"{members}", strconv.Itoa(v.Members),
	).Replace(text)
	line := codes + " " + strings.Map(printable, text)
	return line[:min(len(line), maxReply)]
}

// Wire is Text as the milter protocol transports it: the MTA reads "%%" as "%".
func (r *Replies) Wire(v *quota.Verdict, queueID string) string {
	return strings.ReplaceAll(r.Text(v, queueID), "%", "%%")
}

// The reply codes with their enhanced codes.
const (
	refused         = "550 5.7.1"
	tooMany         = "550 5.5.3"
	tooManyForNow   = "450 4.7.1"
	cannotBeChecked = "451 4.3.0"
)

// template returns the codes and the text for a verdict.
func (r *Replies) template(v *quota.Verdict) (codes, text string) {
	if v.Action == quota.Refuse {
		return r.refusal(v)
	}
	switch {
	case v.Reason == quota.WindowLimit:
		return tooManyForNow, r.texts.Window
	case v.Reason == quota.Concurrency:
		return tooManyForNow, r.texts.Concurrency
	case v.Reason == quota.StoreUnavailable:
		return cannotBeChecked, r.texts.StoreUnavailable
	case v.List != "":
		return cannotBeChecked, r.texts.ListUnavailable
	}
	return cannotBeChecked, r.texts.DirectoryUnavailable
}

// refusal is template for a verdict that refuses the message for good.
func (r *Replies) refusal(v *quota.Verdict) (codes, text string) {
	switch {
	case v.Reason == quota.Unauthenticated:
		return refused, r.texts.Unauthenticated
	case v.Reason == quota.WindowLimit && !v.RetryAt.IsZero():
		return refused, r.texts.Window
	case v.Reason == quota.VisibleRecipients:
		return refused, r.texts.VisibleRecipients
	case v.Reason == quota.ListPosting && v.Sender == "":
		return refused, r.texts.ListLogin
	case v.Reason == quota.ListPosting:
		return refused, r.texts.ListPosting
	case v.Reason == quota.ListFrom:
		return refused, r.texts.from(v.FromFault)
	case v.Reason == quota.ListAutomatic:
		return refused, r.texts.ListAutomatic
	case v.Reason == quota.ListHeader:
		return refused, r.texts.ListHeader
	case v.Reason == quota.ListUnchecked:
		return refused, r.texts.ListUnchecked
	case v.Members > 0:
		return tooMany, r.texts.ListLimit
	}
	return tooMany, r.texts.MessageLimit // also for a window that is too small for the message
}

// from is the text for what is wrong with who a post is from.
func (c *ListConfig) from(fault from.Fault) string {
	return cmp.Or(map[from.Fault]string{
		from.Envelope:     c.ListFromEnvelope,
		from.Missing:      c.ListFromMissing,
		from.Several:      c.ListFromSeveral,
		from.Malformed:    c.ListFromMalformed,
		from.OtherAddress: c.ListFromOther,
		from.Name:         c.ListFromName,
		from.Encoding:     c.ListFromEncoding,
	}[fault], c.ListFrom)
}

func unprintable(r rune) bool { return r < ' ' || r > '~' }

func printable(r rune) rune {
	if unprintable(r) {
		return '?'
	}
	return r
}
