package roster

import "testing"

// TestStories tells how the calendar meets what happens to a site. By default the
// roster is copied on Tuesdays at 00:00 and takes effect on Wednesdays at 10:00.
func TestStories(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, story string }{
		{"entered on Monday at 23:59: premium from Wednesday 10:00", `
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 23:59  0310001A enters anne
			Tue  4 Jan 12:00  anne has 150, refused
			Wed  5 Jan 09:59:59  anne has 150, refused
			Wed  5 Jan 10:00  anne has 5000`},

		{"entered on Tuesday at 00:01: premium a week later", `
			Mon  3 Jan 09:00  relay A starts
			Tue  4 Jan 00:01  0310001A enters anne
			Wed  5 Jan 10:00  anne has 150, refused
			Wed 12 Jan 09:59:59  anne has 150, refused
			Wed 12 Jan 10:00  anne has 5000`},

		{"entered on Tuesday at 00:00, the moment of the copy: a week later", `
			Mon  3 Jan 09:00  relay A starts
			Tue  4 Jan 00:00  0310001A enters anne
			Wed  5 Jan 10:00  anne has 150, refused
			Wed 12 Jan 10:00  anne has 5000`},

		{"taken out on Monday at 23:59: premium until Wednesday 10:00", `
			Mon  3 Jan 08:00  0310001A enters anne
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 23:59  0310001A takes anne out
			Wed  5 Jan 09:59:59  anne has 5000
			Wed  5 Jan 10:00  anne has 150, refused`},

		{"taken out on Tuesday at 00:01: premium for another week", `
			Mon  3 Jan 08:00  0310001A enters anne
			Mon  3 Jan 09:00  relay A starts
			Tue  4 Jan 00:01  0310001A takes anne out
			Wed 12 Jan 09:59:59  anne has 5000
			Wed 12 Jan 10:00  anne has 150, refused`},

		{"entered and taken out before the cutoff: never premium", `
			Sat  1 Jan 12:00  relay A starts
			Sun  2 Jan 12:00  0310001A enters anne
			Mon  3 Jan 12:00  0310001A takes anne out
			Wed  5 Jan 10:00  anne has 150, refused`},

		{"the first start takes effect at once, and later entries wait", `
			Thu  6 Jan 08:00  0310001A enters anne
			Thu  6 Jan 09:00  relay A starts
			Thu  6 Jan 09:00  anne has 5000
			Thu  6 Jan 09:01  0310001A enters bruno
			Tue 11 Jan 12:00  bruno has 150, refused
			Wed 12 Jan 10:00  bruno has 5000`},

		{"a first start between cutoff and effect", `
			Tue  4 Jan 11:00  0310001A enters anne
			Tue  4 Jan 12:00  relay A starts
			Tue  4 Jan 12:00  anne has 5000
			Tue  4 Jan 12:01  0310001A enters bruno
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  bruno has 150, refused`},

		{"the relay is down over the cutoff: made up for, still for Wednesday 10:00", `
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 20:00  relay A stops
			Mon  3 Jan 23:00  0310001A enters anne
			Tue  4 Jan 15:00  relay A starts
			Tue  4 Jan 15:00  anne has 150, refused
			Wed  5 Jan 10:00  anne has 5000`},

		{"the relay is down over the cutoff and the effect: made up for at once", `
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 20:00  relay A stops
			Mon  3 Jan 23:00  0310001A enters anne
			Wed  5 Jan 12:00  relay A starts
			Wed  5 Jan 12:00  anne has 5000
			Wed  5 Jan 12:01  0310001A enters bruno
			Wed  5 Jan 13:00  bruno has 150, refused`},

		{"the relay is down from the copy to after its effect", `
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 23:59  0310001A enters anne
			Tue  4 Jan 00:05  relay A stops
			Tue  4 Jan 00:06  0310001A enters bruno
			Thu  6 Jan 12:00  relay A starts
			Thu  6 Jan 12:00  anne has 5000
			Thu  6 Jan 12:00  bruno has 150, refused`},

		{"the relay is down over two cutoffs: the latest is made up for", `
			Mon  3 Jan 08:00  0310001A enters anne
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 20:00  relay A stops
			Mon  3 Jan 23:00  0310001A enters bruno
			Mon 10 Jan 23:00  0310001A takes anne out
			Tue 11 Jan 15:00  relay A starts
			Tue 11 Jan 15:00  anne has 5000
			Tue 11 Jan 15:00  bruno has 150, refused
			Wed 12 Jan 10:00  anne has 150, refused
			Wed 12 Jan 10:00  bruno has 5000`},

		{"down over two cutoffs, with the directory away afterwards: the old roster stands, and nobody is bounced", `
			Mon  3 Jan 08:00  0310001A enters anne
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 20:00  relay A stops
			Mon  3 Jan 23:00  0310001A enters bruno
			Wed 12 Jan 14:00  the directory goes away
			Wed 12 Jan 15:00  relay A starts
			Wed 12 Jan 15:00  anne has 5000
			Wed 12 Jan 15:00  bruno has 150, deferred
			Wed 12 Jan 16:00  the directory is back
			Wed 12 Jan 16:01  bruno has 5000`},

		{"two relays: one copy, in effect on both at once", `
			Mon  3 Jan 08:58  relay A starts
			Mon  3 Jan 08:59  relay B starts
			Mon  3 Jan 23:59  0310001A enters anne
			Tue  4 Jan 00:01  0310001A enters bruno
			Tue  4 Jan 00:02  the logs have said roster_copied 2 times
			Wed  5 Jan 09:59:59  anne has 150, refused
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  bruno has 150, refused`},

		{"two relays, one down over the cutoff: it finds the other's copy", `
			Mon  3 Jan 08:58  relay A starts
			Mon  3 Jan 08:59  relay B starts
			Mon  3 Jan 20:00  relay B stops
			Mon  3 Jan 23:59  0310001A enters anne
			Tue  4 Jan 00:01  0310001A enters bruno
			Tue  4 Jan 15:00  relay B starts
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  bruno has 150, refused`},

		{"a second relay's first start is no first start", `
			Wed  5 Jan 20:00  relay A starts
			Thu  6 Jan 09:00  0310001A enters anne
			Thu  6 Jan 12:00  relay B starts
			Thu  6 Jan 12:00  anne has 150, refused`},

		{"summer time begins on Sunday 26 March", `
			Sun 26 Mar 01:00  relay A starts
			Mon 27 Mar 23:59  0310001A enters anne
			Tue 28 Mar 00:01  0310001A enters bruno
			Wed 29 Mar 09:59:59  anne has 150, refused
			Wed 29 Mar 10:00  anne has 5000
			Wed 29 Mar 10:00  bruno has 150, refused`},

		{"summer time ends on Sunday 29 October", `
			Sun 29 Oct 01:00  relay A starts
			Mon 30 Oct 23:59  0310001A enters anne
			Tue 31 Oct 00:01  0310001A enters bruno
			Wed  1 Nov 09:59:59  anne has 150, refused
			Wed  1 Nov 10:00  anne has 5000
			Wed  1 Nov 10:00  bruno has 150, refused`},

		{"a fourth designee: the first three have it, the fourth is named once, and moves up", `
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 12:00  0310001A enters dora
			Mon  3 Jan 12:01  0310001A enters chloe
			Mon  3 Jan 12:02  0310001A enters bruno
			Mon  3 Jan 12:03  0310001A enters anne
			Mon  3 Jan 12:04  0310002B enters emma
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  bruno has 5000
			Wed  5 Jan 10:00  chloe has 5000
			Wed  5 Jan 10:00  dora has 150, refused
			Wed  5 Jan 10:00  emma has 5000
			Wed  5 Jan 10:01  the log of A has named dora of 0310001A 1 time
			Wed  5 Jan 12:00  0310001A takes anne out
			Wed 12 Jan 09:59:59  dora has 150, refused
			Wed 12 Jan 10:00  dora has 5000
			Wed 12 Jan 10:00  anne has 150, refused`},

		{"a cité scolaire: its schools share three", `
			Mon  3 Jan 08:00  0310002B shares the site of 0310001A
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 12:00  0310001A enters anne
			Mon  3 Jan 12:01  0310001A enters bruno
			Mon  3 Jan 12:02  0310002B enters chloe
			Mon  3 Jan 12:03  0310002B enters dora
			Wed  5 Jan 10:00  chloe has 5000
			Wed  5 Jan 10:00  dora has 150, refused
			Wed  5 Jan 10:01  the log of A has named dora of 0310001A 1 time`},

		{"the store is away at the cutoff: the copy of the cutoff is stored when it is back", `
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 23:50  the store goes away
			Mon  3 Jan 23:59  0310001A enters anne
			Tue  4 Jan 00:01  0310001A enters bruno
			Tue  4 Jan 08:00  the store is back
			Wed  5 Jan 09:59:59  anne has 150, refused
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  bruno has 150, refused`},

		{"the store is away from the cutoff to after the effect: nobody is bounced, and the copy takes effect then", `
			Mon  3 Jan 08:00  0310001A enters anne
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 23:50  the store goes away
			Mon  3 Jan 23:59  0310001A enters bruno
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  bruno has 150, deferred
			Wed  5 Jan 12:00  the store is back
			Wed  5 Jan 12:01  bruno has 5000`},

		{"the store is away when the copy takes effect: it does all the same", `
			Mon  3 Jan 08:58  relay A starts
			Mon  3 Jan 08:59  relay B starts
			Mon  3 Jan 23:59  0310001A enters anne
			Wed  5 Jan 09:00  the store goes away
			Wed  5 Jan 09:59:59  anne has 150, deferred
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 12:00  the store is back
			Wed  5 Jan 12:01  bruno has 150, refused`},

		{"the store is away when a relay starts: who is premium is not known", `
			Sat  1 Jan 11:00  0310001A enters anne
			Sat  1 Jan 12:00  relay A starts
			Sun  2 Jan 11:00  the store goes away
			Sun  2 Jan 12:00  relay A stops
			Sun  2 Jan 12:01  relay A starts
			Sun  2 Jan 12:01  anne has 150, deferred
			Sun  2 Jan 12:01  bruno has 150, deferred
			Sun  2 Jan 13:00  the store is back
			Sun  2 Jan 13:01  anne has 5000
			Sun  2 Jan 13:01  bruno has 150, refused`},

		{"the store loses what it held: a relay puts it back, and it is no first start", `
			Sat  1 Jan 12:00  relay A starts
			Sun  2 Jan 12:00  0310001A enters anne
			Sun  2 Jan 12:01  the store forgets
			Sun  2 Jan 12:02  relay B starts
			Sun  2 Jan 12:03  anne has 150, refused
			Wed  5 Jan 10:00  anne has 5000`},

		{"the store loses what it held while a relay starts: what the others know comes back", `
			Mon  3 Jan 11:00  0310001A enters bruno
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:00  relay C starts
			Mon  3 Jan 12:00  0310001A enters anne
			Mon  3 Jan 12:01  the store forgets
			Mon  3 Jan 12:01  relay B starts
			Mon  3 Jan 12:01:40  anne has 150, refused
			Mon  3 Jan 12:01:40  bruno has 5000
			Mon  3 Jan 12:10  anne has 150, refused
			Wed  5 Jan 10:00  anne has 5000`},

		{"the directory is away at the cutoff: copied when it is back, still for Wednesday 10:00", `
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 23:50  the directory goes away
			Tue  4 Jan 12:00  the directory is back
			Tue  4 Jan 12:00  0310001A enters anne
			Tue  4 Jan 12:01  0310001A enters bruno
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  bruno has 150, refused`},

		{"the directory is away at the first start: who is premium is not known", `
			Sat  1 Jan 10:00  the directory goes away
			Sat  1 Jan 11:00  0310001A enters anne
			Sat  1 Jan 12:00  relay A starts
			Sat  1 Jan 12:01  anne has 150, deferred
			Sat  1 Jan 12:02  the directory is back
			Sat  1 Jan 12:03  anne has 5000
			Sat  1 Jan 12:03  bruno has 150, refused`},

		{"a refresh takes effect on all relays within seconds", `
			Sun  9 Jan 20:00  relay A starts
			Sun  9 Jan 20:00  relay B starts
			Mon 10 Jan 09:00  0310001A enters anne
			Mon 10 Jan 09:01  roster refresh
			Mon 10 Jan 09:01:12  anne has 5000
			Wed 12 Jan 10:00  anne has 5000`},

		{"a refresh between cutoff and effect replaces the copy that is pending", `
			Mon  3 Jan 09:00  relay A starts
			Mon  3 Jan 23:00  0310001A enters anne
			Tue  4 Jan 09:00  0310001A enters bruno
			Tue  4 Jan 09:01  roster refresh
			Tue  4 Jan 09:01:12  anne has 5000
			Tue  4 Jan 09:01:12  bruno has 5000
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  bruno has 5000`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tell(t, row.story)
		})
	}
}
