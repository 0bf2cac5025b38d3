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

// weekly tells the roster that is in effect at now, and what comes next.
func (v *rosterView) weekly(state roster.State, now time.Time) {
	effective, pending := state.At(now)
	if effective == nil {
		fmt.Fprintln(v.out, "There is no roster yet. The first \"rcptquota serve\" copies the directory, with effect at once.")
		return
	}
	fmt.Fprintf(v.out, "In effect since %s: %s\n", v.time(effective.Effect), v.origin(effective))
	v.designations(effective)
	if pending != nil {
		fmt.Fprintf(v.out, "\nPending, in effect from %s on: %s\n", v.time(pending.Effect), v.origin(pending))
		v.designations(pending)
	}
	cutoff := v.calendar.NextCutoff(now)
	fmt.Fprintf(v.out, "\nThe next copy is taken on %s, in effect from %s on.\n", v.time(cutoff), v.time(v.calendar.EffectOf(cutoff)))
}

// immediate tells what the directory says now.
func (v *rosterView) immediate(taken *roster.Copy) {
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

func premiumSenderCount(c *roster.Copy) string {
	if len(c.Elected) == 1 {
		return "1 premium sender"
	}
	return fmt.Sprintf("%d premium senders", len(c.Elected))
}

// designations lists those of a copy that count, and those that don't.
func (v *rosterView) designations(c *roster.Copy) {
	v.table(c.Elected)
	if len(c.Lost) > 0 {
		fmt.Fprintf(v.out, "Not premium, since their establishment has %d already:\n", v.limit)
		v.table(c.Lost)
	}
	if len(c.Unresolved) > 0 {
		fmt.Fprintln(v.out, "Entered, but nobody is found by that name:")
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
