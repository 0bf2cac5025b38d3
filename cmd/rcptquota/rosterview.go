package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
)

// rosterView writes rosters for people to read.
type rosterView struct {
	out      io.Writer
	calendar roster.Calendar
	limit    int // of an establishment
}

// weekly prints the roster that is in effect at now, what comes next, and why it is in
// doubt.
func (v *rosterView) weekly(state roster.State, now time.Time) {
	effective, pending := state.At(now)
	if effective == nil {
		fmt.Fprintln(v.out, "There is no roster yet. The first \"rcptquota serve\" copies the directory, with effect at once.")
		return
	}
	v.effective(effective)
	if pending != nil {
		fmt.Fprintf(v.out, "\nPending, in effect from %s on: %s\n", v.time(pending.Effect), v.origin(pending))
		v.designations(pending)
	}
	switch cutoff, doubt, overdue := v.calendar.Overdue(state, now); {
	case state.LiesAhead(now):
		fmt.Fprintln(v.out, "\nBy this machine's clock, it was copied in the future. No relay whose clock says so uses it.")
	case overdue:
		fmt.Fprintf(v.out, "\nThe copy of %s is missing: it could not be taken, or nearly everybody was missing from it; the log of serve says why.\n"+
			"Who is not premium by this roster is deferred above the limit, not refused, from %s on.\n", v.time(cutoff), v.time(doubt))
	case state.Aside != nil:
		fmt.Fprintln(v.out, "\nIt is in doubt, since it replaces one that, by this machine's clock, was copied in the future.")
	}
	v.comes(now)
}

// effective tells a roster that is in effect.
func (v *rosterView) effective(c *roster.Copy) {
	fmt.Fprintf(v.out, "In effect since %s: %s\n", v.time(c.Effect), v.origin(c))
	v.designations(c)
}

// comes tells of the first copy after now.
func (v *rosterView) comes(now time.Time) {
	cutoff := v.calendar.NextCutoff(now)
	fmt.Fprintf(v.out, "\nThe next copy is taken on %s, in effect from %s on.\n", v.time(cutoff), v.time(v.calendar.EffectOf(cutoff)))
}

// refreshed tells the roster taken, and what was replaced by it at now.
func (v *rosterView) refreshed(taken *roster.Copy, replaced roster.State, now time.Time) {
	v.effective(taken)
	effective, pending := replaced.At(now)
	if effective == nil {
		return
	}
	fmt.Fprintf(v.out, "\nIt replaces %s\n", v.origin(effective))
	if pending != nil {
		fmt.Fprintf(v.out, "and what was pending: %s\n", v.origin(pending))
	}
	if gone := roster.Gone(effective, taken); len(gone) > 0 {
		fmt.Fprintln(v.out, "Not premium any more:")
		v.table(gone)
	}
	if roster.Missing(replaced.Newest(), taken, v.limit) != nil {
		fmt.Fprintln(v.out, "That is nearly everybody. If it is a mistake, correct the directory and refresh again.")
	}
}

// immediate tells what the directory says now, and whether the relays believe it
// after the last copy that they stored, which may be nil.
func (v *rosterView) immediate(taken, before *roster.Copy) {
	if err := roster.Missing(before, taken, v.limit); err != nil {
		fmt.Fprintf(v.out, "In effect, in doubt, since the relays do not believe what the directory says now: %s\n"+
			"Others are deferred above the limit, not refused. (%v)\n", premiumSenderCount(before), err)
		v.designations(before)
		return
	}
	fmt.Fprintf(v.out, "In effect, as the directory says now: %s\n", premiumSenderCount(taken))
	v.designations(taken)
}

func (v *rosterView) time(t time.Time) string {
	return v.calendar.Local(t).Format("Mon 2006-01-02 15:04:05 MST")
}

// origin tells how many senders a copy has, and where it comes from.
func (v *rosterView) origin(c *roster.Copy) string {
	return fmt.Sprintf("%s, copied on %s (%s)", premiumSenderCount(c), v.time(c.Taken), c.Reason)
}

// premiumSenderCount is of a copy, or of none.
func premiumSenderCount(c *roster.Copy) string {
	if c == nil {
		return "nobody is known"
	}
	if len(c.Elected) == 1 {
		return "1 premium sender"
	}
	return fmt.Sprintf("%d premium senders", len(c.Elected))
}

// designations lists those of a copy that count, and those that don't. It may be
// nil.
func (v *rosterView) designations(c *roster.Copy) {
	if c == nil {
		return
	}
	v.table(c.Elected)
	if len(c.Lost) > 0 {
		fmt.Fprintf(v.out, "Not premium, since their establishment has %d already:\n", v.limit)
		v.table(c.Lost)
	}
	if len(c.Unresolved) > 0 {
		fmt.Fprintln(v.out, "Designated, but cannot be resolved:")
		for _, value := range c.Unresolved {
			fmt.Fprintf(v.out, "  %s\n", value)
		}
	}
}

func (v *rosterView) table(designations []roster.Designation) {
	w := tabwriter.NewWriter(v.out, 0, 0, 2, ' ', 0)
	for _, d := range designations {
		fmt.Fprintf(w, "  %s\t%s", cmp.Or(d.Establishment, "(unknown)"), cmp.Or(d.Login, d.Sender))
		if d.Login != "" && d.Login != d.Sender {
			fmt.Fprintf(w, "\t%s", d.Sender)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // as the errors of the other lines
}
