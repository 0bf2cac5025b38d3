package reply

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// maxReply is the longest reply line without its CR LF, in bytes (RFC 5321
// section 4.5.3.1.5).
const maxReply = 512 - 2

// noQueueID is used while Postfix has no queue id, as in Postfix's own log.
const noQueueID = "NOQUEUE"

// Replies builds all of our SMTP replies.
type Replies struct {
	language string
	texts    Config
}

// New makes the replies of a configuration. The error joins its mistakes, as that
// of [Config.Validate] does.
func New(c Config) (*Replies, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	texts := builtIn[c.Language]
	override(&texts.Contact, c.Contact)
	override(&texts.MessageLimit, c.MessageLimit)
	override(&texts.Unauthenticated, c.Unauthenticated)
	override(&texts.DirectoryUnavailable, c.DirectoryUnavailable)
	override(&texts.Window, c.Window)
	override(&texts.Concurrency, c.Concurrency)
	override(&texts.StoreUnavailable, c.StoreUnavailable)
	texts.overrideLists(&c)
	return &Replies{language: c.Language, texts: texts}, nil
}

func override(text *string, by string) {
	if by != "" {
		*text = by
	}
}

// text returns the reply for a verdict that stops the message: code, enhanced code (RFC
// 3463) and text in printable ASCII, at most maxReply bytes. ref is the queue id to quote.
func (r *Replies) Text(v *quota.Verdict, ref string) string {
	code, text := r.template(v)
	if ref == "" {
		ref = noQueueID
	}
	text = strings.NewReplacer(
		"{limit}", strconv.Itoa(v.Limit),
		"{recipients}", strconv.Itoa(v.Recipients),
		"{contact}", r.texts.Contact,
		"{ref}", ref,
		"{used}", strconv.Itoa(v.Used),
		"{window}", r.period(v.Window.Per),
		"{retry_at}", r.moment(v.RetryAt),
		"{list}", v.List,
		"{managers}", managers[r.language][v.Moderated],
		"{members}", strconv.Itoa(v.Members),
	).Replace(text)
	line := code + " " + strings.Map(printable, text)
	return line[:min(len(line), maxReply)]
}

// template returns the codes and the text for a verdict.
func (r *Replies) template(v *quota.Verdict) (code, text string) {
	refused := v.Action == quota.Refuse
	switch {
	case refused && v.Reason == quota.Unauthenticated:
		return "550 5.7.1", r.texts.Unauthenticated
	case refused && v.Reason == quota.WindowLimit && !v.RetryAt.IsZero():
		return "550 5.7.1", r.texts.Window
	case refused && v.Reason == quota.ListPosting:
		return "550 5.7.1", r.texts.posting(v)
	case refused && v.Reason == quota.ListFrom:
		return "550 5.7.1", *r.texts.from(v.FromFault)
	case refused && v.Reason == quota.ListAutomatic:
		return "550 5.7.1", r.texts.ListAutomatic
	case refused && v.Reason == quota.ListHeader:
		return "550 5.7.1", r.texts.ListHeader
	case refused && v.Reason == quota.ListUnchecked:
		return "550 5.7.1", r.texts.ListUnchecked
	case refused && v.Members > 0:
		return "550 5.5.3", r.texts.ListLimit
	case refused: // permanently, also by a window that is too small for the message
		return "550 5.5.3", r.texts.MessageLimit
	case v.Reason == quota.WindowLimit:
		return "450 4.7.1", r.texts.Window
	case v.Reason == quota.Concurrency:
		return "450 4.7.1", r.texts.Concurrency
	case v.Reason == quota.StoreUnavailable:
		return "451 4.3.0", r.texts.StoreUnavailable
	case v.List != "":
		return "451 4.3.0", r.texts.ListUnavailable
	}
	return "451 4.3.0", r.texts.DirectoryUnavailable
}

// moment is a time in the relay's time zone, rounded up to the minute.
func (r *Replies) moment(t time.Time) string {
	layout := "2006-01-02 15:04"
	if r.language == "fr" {
		layout = "02/01/2006 a 15:04"
	}
	return t.Add(time.Minute - 1).Local().Format(layout)
}

// period is the length of a window in words, such as "1 h", "24 hours" or "7 jours".
func (r *Replies) period(d time.Duration) string {
	const day = 24 * time.Hour
	words := periods[r.language]
	switch {
	case d >= 2*day && d%day == 0:
		return fmt.Sprintf("%d %s", d/day, words.days)
	case d == time.Hour:
		return "1 " + words.hour
	case d%time.Hour == 0:
		return fmt.Sprintf("%d %s", d/time.Hour, words.hours)
	}
	return strings.TrimSpace(strings.NewReplacer("h", " h ", "m", " min ", "s", " s").Replace(ShortDuration(d)))
}

var periods = map[string]struct{ days, hour, hours string }{
	"fr": {"jours", "h", "h"},
	"en": {"days", "hour", "hours"},
}

// ShortDuration writes a period without trailing parts that are zero: "1h", "1h30m".
func ShortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func unprintable(r rune) bool { return r < ' ' || r > '~' }

func printable(r rune) rune {
	if unprintable(r) {
		return '?'
	}
	return r
}

// wire is text as the milter protocol transports it: the MTA reads "%%" as "%".
func (r *Replies) Wire(v *quota.Verdict, ref string) string {
	return strings.ReplaceAll(r.Text(v, ref), "%", "%%")
}
