package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
)

// senderView writes what a sender may do, for people to read.
type senderView struct {
	*term.Printer
	now time.Time
}

func newSenderView(out io.Writer) *senderView { return &senderView{term.New(out), time.Now()} }

// line writes a fact under its name.
func (v *senderView) line(name, format string, args ...any) {
	v.Line("  %-10s %s", name, fmt.Sprintf(format, args...))
}

func (v *senderView) show(e *service.SenderExplanation) {
	v.Line("%s", e.Login)
	v.directory(&e.Directory)
	v.class(&e.Class)
	if e.Premium != nil {
		v.line("premium", "%s", v.premium(e.Premium))
	}
	for _, g := range e.Grants {
		v.line("grant", "%d more until %s, by %s: %s", g.Recipients, v.moment(g.Until), cmp.Or(g.By, "unknown"), g.Why)
	}
	if e.GrantsProblem != "" {
		v.line("grants", "there may be others: %s", e.GrantsProblem)
	}
	v.windows(&e.Usage)
	v.lists(e)
	v.verdict(e.Verdict)
}

// unknown tells that nothing is known by that name, and what a sender without an entry may do.
func (v *senderView) unknown(e *service.SenderExplanation) {
	v.Line("%s is neither a login in the directory, nor the reference of a stored refusal.", e.Login)
	switch {
	case e.Directory.AddressOf != "":
		v.Line("It is an address of %s: rcptquota explain %[1]s", e.Directory.AddressOf)
	case strings.Contains(e.Login, "@"):
		v.Line("It looks like an address; give the login.")
	default:
		v.Line("References tell capitals from small letters, and a refusal may be stored a second after it was told.")
	}
	v.Line("If it logs in nevertheless, this holds:")
	v.Blank()
	v.show(e)
}

func (v *senderView) directory(d *service.DirectoryAnswer) {
	asked := ""
	switch {
	case d.Asked.IsZero():
	case strings.HasPrefix(d.Source, "the file"):
		asked = ", changed " + age(v.now.Sub(d.Asked)) + " ago"
	default:
		asked = ", asked " + age(v.now.Sub(d.Asked)) + " ago"
	}
	switch d.Answer {
	case "found":
		v.line("entry", "%s, in %s%s", d.Entry, d.Source, asked)
		if d.Stale {
			v.line("", "this answer is old, since the directory cannot be asked now: %s", d.Problem)
		}
		v.line("addresses", "%s", cmp.Or(strings.Join(d.Addresses, ", "), "none"))
		if d.Establishment != "" {
			v.line("school", "%s", d.Establishment)
		}
	case "absent":
		v.line("entry", "none: nobody has this login in %s%s%s", d.Source, asked, prefixed("; it is an address of ", d.AddressOf))
	case "ambiguous":
		v.line("entry", "several have this login, so that none is believed: %s", d.Problem)
	default:
		v.line("entry", "not known, since the directory cannot be asked now: %s", d.Problem)
	}
}

func (v *senderView) class(c *service.ClassAnswer) {
	why := map[string]string{
		quota.ByDefault.String():   "the default, since no class matches",
		quota.ByPremium.String():   "since the sender is premium",
		quota.ByLogin.String():     "which names the login",
		quota.ByDomain.String():    "since an address is in " + c.Match,
		quota.ByAttribute.String(): "since the entry has " + c.Match,
	}[c.By]
	if !c.Enforce {
		why += "; it is not enforced"
	}
	v.line("class", "%s, %s", c.Name, cmp.Or(why, c.By+" "+c.Match))
	granted := ""
	if c.Granted > 0 {
		granted = fmt.Sprintf(", of which %d are granted for a while", c.Granted)
	}
	v.line("message", "at most %s%s", term.Count(c.Limit, "recipient", "recipients"), granted)
}

func (v *senderView) premium(p *service.PremiumAnswer) string {
	school := cmp.Or(p.Establishment, "an unknown school")
	text := "no, nobody has designated the sender"
	switch {
	case p.Designated && p.Premium:
		text = fmt.Sprintf("yes, designated by %s, in effect since %s", school, onCalendar(p.Effect))
	case p.Lost:
		text = fmt.Sprintf("no: designated by %s, which already has %d others", school, p.PerEstablishment)
	case p.NextPremium:
		text = fmt.Sprintf("not yet: designated by %s", school)
	case p.Entered:
		text = fmt.Sprintf("not yet: %s has designated the sender; that is copied on %s and takes effect on %s", school, onCalendar(p.NextCopy), onCalendar(p.NextEffect))
	case p.Effect.IsZero():
		text = "not known: there is no roster yet"
	}
	switch {
	case p.Next.IsZero():
	case p.NextPremium && !p.Premium:
		text += ", with effect from " + onCalendar(p.Next)
	case p.Premium && !p.NextPremium:
		text += ", until " + onCalendar(p.Next)
	case p.NextLost && !p.Lost:
		text += fmt.Sprintf("; from %s on %s has %d others", onCalendar(p.Next), school, p.PerEstablishment)
	}
	return text + prefixed("; in doubt, because ", p.Doubt)
}

// onCalendar writes a time on the clock that it came with, the calendar's. JSON has no names of
// zones, so the local one is named where it is the same.
func onCalendar(t time.Time) string {
	_, offset := t.Zone()
	if _, here := t.Local().Zone(); here == offset {
		t = t.Local()
	}
	return t.Format(timeLayout)
}

func (v *senderView) windows(u *service.SenderUsage) {
	if len(u.Windows) == 0 && u.Problem == "" {
		v.line("windows", "none in this class")
		return
	}
	v.Heading("Windows")
	(&usageView{v.Printer, v.now}).windows(u)
}

// lists tells about recipients in list domains.
func (v *senderView) lists(e *service.SenderExplanation) {
	if len(e.Recipients) == 0 {
		return
	}
	v.Heading("Lists")
	for i := range e.Recipients {
		r := &e.Recipients[i]
		v.Line("  %s: %s%s", r.Recipient, ruleInWords(r), prefixed("; ", r.Problem))
	}
	if e.MoreRecipients > 0 {
		v.Line("  and %d more in list domains", e.MoreRecipients)
	}
}

// ruleInWords says whether a sender may write to an address in a list domain, and why.
func ruleInWords(r *service.RecipientAnswer) string {
	why := map[string]string{
		list.NotAList.String():       "everybody may write there, since it is not a list",
		list.ServiceAddress.String(): "everybody may write there, since it is an address of the list manager",
		list.NotKnown.String():       "whether the sender may post is not known",
		list.ModeratorPosts.String(): "may post, as a moderator",
		list.OwnerPosts.String():     "may post, as an owner of a list without moderators",
		list.EverybodyPosts.String(): "may post, as everybody",
		list.OnlyModerators.String(): "may not post: an owner, but the list has moderators, and only they may",
		list.NotAManager.String():    "may not post: neither an owner nor a moderator",
	}[r.Rule]
	switch {
	case len(r.Redirects) > 0:
		return why + "; its managers get the message instead: " + strings.Join(r.Redirects, ", ")
	case r.FromCheck != "":
		return why + ", but the envelope sender is not a professional address of the sender"
	case r.Refusal == list.Unchecked.String():
		return why + ", but this relay does not see the header, without which a list takes no message"
	case r.Refusal == list.Automatic.String():
		return why + ", but the list takes nothing from the null sender"
	}
	return why
}

func (v *senderView) verdict(a *service.VerdictAnswer) {
	if a == nil {
		return
	}
	v.Heading("Such a message, to %s from %s", term.Count(a.Recipients, "recipient", "recipients"), a.From)
	say := map[string]string{
		quota.Accept.String(): "would pass", quota.Refuse.String(): "would be refused", quota.Defer.String(): "would be deferred",
		quota.Hold.String():        "would be accepted, and put on hold",
		quota.Redirect.String():    "would go to the managers of a list instead",
		quota.WouldRefuse.String(): "would pass, but would be refused if rules were enforced",
	}[a.Action]
	v.Line("  %s%s", say, prefixed(": ", a.Rule))
	if a.Reply != "" {
		v.line("reply", "%s", a.Reply)
	}
	if !a.RetryAt.IsZero() {
		v.line("free", "from %s on", v.moment(a.RetryAt))
	}
	for _, remaining := range a.AtEnd {
		v.line("at its end", "%s", remaining)
	}
	if a.Note != "" {
		v.line("note", "%s", a.Note)
	}
}

func (v *senderView) moment(t time.Time) string { return t.Local().Format(timeLayout) }
