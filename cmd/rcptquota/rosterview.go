package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
)

// rosterView writes rosters for people to read.
type rosterView struct {
	out      io.Writer
	calendar roster.Calendar
	limit    int // of an establishment
}

// weekly prints the roster that is in effect at now, what comes next, and what is in
// doubt.
func (v *rosterView) weekly(state roster.State, now time.Time) {
	effective, pending := state.At(now)
	if effective == nil {
		fmt.Fprintln(v.out, "There is no roster yet. The first \"rcptquota serve\" copies the directory, with effect at once.")
		return
	}
	v.effective(effective)
	if pending != nil {
		fmt.Fprintf(v.out, "\nPending, in effect from %s: %s\n", v.time(pending.Effect), v.origin(pending))
		v.designations(pending)
	}
	switch cutoff, doubt, overdue := v.calendar.Overdue(state, now); {
	case state.InFuture(now):
		fmt.Fprintln(v.out, "\nBy this machine's clock, it was copied in the future. Relays whose clocks say the same do not use it.")
	case overdue:
		fmt.Fprintf(v.out, "\nThe copy of %s is missing: it could not be made, or nearly everybody was missing from it. The log of \"rcptquota serve\" says why.\n"+
			"From %s until it is made, senders who are not premium in this roster are deferred above their limit, not refused.\n", v.time(cutoff), v.time(doubt))
	case state.Aside != nil:
		fmt.Fprintln(v.out, "\nIt is in doubt, because it replaced a roster that, by this machine's clock, was copied in the future.")
	}
	v.nextCopy(now)
}

// effective prints a roster that is in effect.
func (v *rosterView) effective(c *roster.Copy) {
	fmt.Fprintf(v.out, "In effect since %s: %s\n", v.time(c.Effect), v.origin(c))
	v.designations(c)
}

// nextCopy prints when the first copy after now is made.
func (v *rosterView) nextCopy(now time.Time) {
	cutoff := v.calendar.NextCutoff(now)
	fmt.Fprintf(v.out, "\nThe next copy is made on %s and takes effect on %s.\n", v.time(cutoff), v.time(v.calendar.EffectOf(cutoff)))
}

// refreshed prints the roster taken by a refresh at now, and what it replaced.
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

// immediate prints what the directory says now or, if the relays do not believe that
// after before, the last copy that they stored, then that one. before may be nil.
func (v *rosterView) immediate(taken, before *roster.Copy) {
	if err := roster.Missing(before, taken, v.limit); err != nil {
		fmt.Fprintf(v.out, "In effect, but in doubt, because the relays do not believe what the directory says now: %s\n"+
			"Other senders are deferred above their limit, not refused. (%v)\n", premiumSenderCount(before), err)
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

// premiumSenderCount says how many premium senders a copy has, which may be nil.
func premiumSenderCount(c *roster.Copy) string {
	if c == nil {
		return "no premium senders are known"
	}
	return term.Count(len(c.Elected), "premium sender", "premium senders")
}

// designations lists those of a copy that count, and those that don't. The copy may
// be nil.
func (v *rosterView) designations(c *roster.Copy) {
	if c == nil {
		return
	}
	v.table(c.Elected)
	if len(c.Lost) > 0 {
		fmt.Fprintf(v.out, "Not premium, because their establishment already has %d:\n", v.limit)
		v.table(c.Lost)
	}
	if len(c.Unresolved) > 0 {
		fmt.Fprintln(v.out, "Entered in the directory, but not found there:")
		for _, value := range c.Unresolved {
			fmt.Fprintf(v.out, "  %s\n", term.Clean(value))
		}
	}
}

func (v *rosterView) table(designations []roster.Designation) {
	w := tabwriter.NewWriter(v.out, 0, 0, 2, ' ', 0)
	for _, d := range designations {
		fmt.Fprintf(w, "  %s\t%s", term.Clean(cmp.Or(d.Establishment, "(unknown)")), term.Clean(cmp.Or(d.Login, d.Sender)))
		if d.Login != "" && d.Login != d.Sender {
			fmt.Fprintf(w, "\t%s", term.Clean(d.Sender))
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // as the errors of the other lines
}
