package roster

import "testing"

// TestStoriesOfClocks tells what becomes of the roster when a clock is wrong. Where
// the store is no file, it is Redis, which has a clock of its own.
func TestStoriesOfClocks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, story string }{
		{"a relay boots a year ahead: it stores nothing, and the others go on", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:00  relay B starts 365 days ahead
			Mon  3 Jan 12:01  anne has 5000
			Mon  3 Jan 12:01  relay A is sure
			Mon  3 Jan 12:01  relay B doubts: clock
			Mon  3 Jan 13:00  relay B stops
			Mon  3 Jan 13:01  0310001A enters bruno
			Tue  4 Jan 12:00  bruno has 150, refused
			Wed  5 Jan 10:00  bruno has 5000
			Wed  5 Jan 10:01  the logs have said roster_copied 2 times`},

		{"a relay that is a year ahead bounces nobody, tells it once, and is right once its clock is", `
			Sat  1 Jan 11:00  0310001A enters anne
			Sat  1 Jan 11:30  relay A starts
			Sat  1 Jan 11:40  relay A stops
			Sat  1 Jan 12:00  relay B starts 365 days ahead
			Sat  1 Jan 12:10  anne has 5000
			Sat  1 Jan 12:10  bruno has 150, deferred
			Sat  1 Jan 13:00  the logs have said roster_clock 1 time
			Sat  1 Jan 13:00  the logs have said roster_copied 0 times
			Sat  1 Jan 13:01  0310001A enters bruno
			Sat  1 Jan 13:02  the clock of B is right
			Sat  1 Jan 13:03  bruno has 150, refused
			Sat  1 Jan 13:03  relay B is sure`},

		{"a first start a year ahead of Redis stores nothing", `
			Sat  1 Jan 11:00  0310001A enters anne
			Sat  1 Jan 12:00  relay B starts 365 days ahead
			Sat  1 Jan 12:01  anne has 150, deferred
			Sat  1 Jan 12:02  relay A starts
			Sat  1 Jan 12:02  the logs have said roster_copied 1 time
			Sat  1 Jan 12:03  anne has 5000`},

		{"a relay that is a year behind destroys nothing", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:30  0310001A enters bruno
			Tue  4 Jan 11:00  0310001A enters chloe
			Tue  4 Jan 12:00  relay B starts 365 days behind
			Tue  4 Jan 12:01  the logs have said roster_copied 2 times
			Tue  4 Jan 12:01  relay A is sure
			Tue  4 Jan 12:01  relay B doubts: clock
			Tue  4 Jan 12:01  relay A stops
			Tue  4 Jan 12:02  bruno has 150, deferred
			Wed  5 Jan 10:01  bruno has 5000
			Wed  5 Jan 10:01  chloe has 150, deferred
			Wed  5 Jan 10:02  the clock of B is right
			Wed  5 Jan 10:03  chloe has 150, refused
			Wed  5 Jan 10:03  bruno has 5000`},

		{"the store loses its content to a relay that is ahead: it does not put anything there", `
			Sat  1 Jan 11:00  0310001A enters anne
			Sat  1 Jan 12:00  relay A starts
			Sat  1 Jan 13:00  the clock of A is 30 days ahead
			Sat  1 Jan 13:01  the store forgets
			Sat  1 Jan 13:02  anne has 5000
			Sat  1 Jan 13:02  bruno has 150, deferred
			Sat  1 Jan 13:03  0310001A enters bruno
			Sat  1 Jan 13:04  the clock of A is right
			Sat  1 Jan 13:05  anne has 5000
			Sat  1 Jan 13:05  bruno has 150, refused`},

		{"a clock jumps on over an effect: nobody loses or gains for sure until it was looked at", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:00  0310001A takes anne out
			Mon  3 Jan 12:00  0310001A enters bruno
			Tue  4 Jan 12:00:00  the clock of A is 2 days ahead
			Tue  4 Jan 12:00:00  anne has 150, deferred
			Tue  4 Jan 12:00:20  anne has 5000
			Tue  4 Jan 12:00:20  bruno has 150, deferred
			Tue  4 Jan 12:01  the clock of A is right
			Tue  4 Jan 12:01:20  bruno has 150, refused`},

		{"a clock jumps back over an effect", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:00  0310001A takes anne out
			Mon  3 Jan 12:00  0310001A enters bruno
			Wed  5 Jan 12:00:00  bruno has 5000
			Wed  5 Jan 12:00:00  the clock of A is 1 day behind
			Wed  5 Jan 12:00:00  bruno has 150, deferred
			Wed  5 Jan 12:00:20  bruno has 5000
			Wed  5 Jan 12:00:20  anne has 150, deferred`},

		{"Redis is a year ahead: relays that know the roster go on, in doubt, and store nothing", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:00  the clock of the store is 365 days ahead
			Mon  3 Jan 12:01  anne has 5000
			Mon  3 Jan 12:01  bruno has 150, deferred
			Mon  3 Jan 13:00  0310001A enters bruno
			Wed  5 Jan 12:00  bruno has 150, deferred
			Wed  5 Jan 12:00  the logs have said roster_copied 1 time
			Wed  5 Jan 12:01  the clock of the store is right
			Wed  5 Jan 12:02  bruno has 5000
			Wed  5 Jan 12:02  chloe has 150, refused`},

		{"Redis and a relay were a year ahead together: who knows better puts it right", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:00:20  0310001A enters bruno
			Mon  3 Jan 12:00:20  the clock of the store is 365 days ahead
			Mon  3 Jan 12:01  relay B starts 365 days ahead
			Mon  3 Jan 12:05  relay B stops
			Mon  3 Jan 12:06  the clock of the store is right
			Mon  3 Jan 12:07  anne has 5000
			Mon  3 Jan 12:07  bruno has 150, refused
			Mon  3 Jan 12:07  the logs have said roster_future 1 time
			Mon  3 Jan 12:08  relay B starts
			Mon  3 Jan 12:08  bruno has 150, refused
			Wed  5 Jan 10:00  bruno has 5000`},

		{"the same, and nobody knows better: what lies in the future is replaced by a copy of now", `
			Sat  1 Jan 11:00  0310001A enters anne
			Sat  1 Jan 12:00  the clock of the store is 365 days ahead
			Sat  1 Jan 12:00  relay B starts 365 days ahead
			Sat  1 Jan 12:00  anne has 5000
			Sat  1 Jan 12:05  relay B stops
			Sun  2 Jan 12:00  0310001A enters bruno
			Sun  2 Jan 12:00  the clock of the store is right
			Sun  2 Jan 12:01  relay A starts
			Sun  2 Jan 12:01  bruno has 5000
			Sun  2 Jan 12:01  chloe has 150, refused
			Sun  2 Jan 12:01  relay A is sure
			Sun  2 Jan 12:01  the logs have said roster_future 1 time
			Mon  3 Jan 12:00  0310001A enters chloe
			Wed  5 Jan 10:00  chloe has 5000`},

		{"a minute is nothing, even one before and one after Redis's", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 12:00  relay A starts 55 seconds ahead
			Mon  3 Jan 12:00  relay B starts 55 seconds behind
			Mon  3 Jan 12:01  relay A is sure
			Mon  3 Jan 12:01  relay B is sure
			Mon  3 Jan 12:30  0310001A enters bruno
			Tue  4 Jan 00:01  the logs have said roster_copied 2 times
			Tue  4 Jan 00:10  the logs have said roster_copied 2 times
			Tue  4 Jan 00:10  the logs have said roster_future 0 times
			Wed  5 Jan 10:01  bruno has 5000`},

		{"a relay drifts: it follows the others, in doubt", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:00  relay B starts
			Mon  3 Jan 12:10  the clock of B is 300 seconds behind
			Mon  3 Jan 12:30  0310001A enters bruno
			Wed  5 Jan 10:10  bruno has 5000
			Wed  5 Jan 10:10  relay A is sure
			Wed  5 Jan 10:10  relay B doubts: clock
			Wed  5 Jan 10:11  0310001A enters chloe
			Wed  5 Jan 10:11  roster refresh
			Wed  5 Jan 10:18  chloe has 5000`},

		{"Redis goes away from a relay whose clock is wrong", `
			Sat  1 Jan 11:00  0310001A enters anne
			Sat  1 Jan 12:00  relay A starts
			Sun  2 Jan 12:00:00  the clock of A is 2 days ahead
			Sun  2 Jan 12:00:15  the store goes away
			Sun  2 Jan 12:00:30  bruno has 150, deferred
			Sun  2 Jan 12:01:00  anne has 5000
			Sun  2 Jan 12:02  the clock of A is right
			Sun  2 Jan 12:03  bruno has 150, deferred
			Sun  2 Jan 12:04  the store is back
			Sun  2 Jan 12:05  bruno has 150, refused`},

		{"a file of a machine that was a year ahead: a copy of now, in doubt until the next cutoff", `
			Sat  1 Jan 10:00  the store is a file
			Sat  1 Jan 11:00  0310001A enters anne
			Sat  1 Jan 12:00  relay A starts 365 days ahead
			Sat  1 Jan 12:01  anne has 5000
			Sat  1 Jan 13:00  relay A stops
			Sun  2 Jan 12:00  0310001A enters bruno
			Sun  2 Jan 13:00  relay A starts
			Sun  2 Jan 13:00  bruno has 5000
			Sun  2 Jan 13:00  chloe has 150, deferred
			Sun  2 Jan 13:00  relay A doubts: clock
			Sun  2 Jan 13:00  the logs have said roster_future 1 time
			Sun  2 Jan 13:00  the logs have said roster_clock 1 time
			Mon  3 Jan 12:00  0310001A takes anne out
			Tue  4 Jan 00:01  relay A is sure
			Tue  4 Jan 00:01  chloe has 150, refused
			Wed  5 Jan 10:00  anne has 150, refused`},

		{"the same while it runs, ended by a refresh", `
			Sat  1 Jan 10:00  the store is a file
			Sat  1 Jan 11:00  0310001A enters anne
			Sat  1 Jan 12:00  relay A starts 365 days ahead
			Sat  1 Jan 12:01  the clock of A is right
			Sat  1 Jan 12:02  anne has 5000
			Sat  1 Jan 12:02  bruno has 150, deferred
			Sat  1 Jan 12:03  roster refresh
			Sat  1 Jan 12:04  bruno has 150, refused
			Sat  1 Jan 12:04  relay A is sure`},

		{"a machine that boots years behind has its good file back when its clock is right", `
			Mon  3 Jan 10:00  the store is a file
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:00  0310001A enters bruno
			Tue  4 Jan 11:00  0310001A enters chloe
			Tue  4 Jan 11:00  0310001A takes anne out
			Tue  4 Jan 12:00  relay A stops
			Tue  4 Jan 12:01  relay A starts 3650 days behind
			Tue  4 Jan 12:01  bruno has 5000
			Tue  4 Jan 12:01  anne has 150, deferred
			Tue  4 Jan 12:02  relay A stops
			Tue  4 Jan 12:03  relay A starts 3651 days behind
			Tue  4 Jan 12:04  anne has 150, deferred
			Tue  4 Jan 12:05  the clock of A is right
			Tue  4 Jan 12:06  relay A is sure
			Tue  4 Jan 12:06  anne has 5000
			Tue  4 Jan 12:06  bruno has 150, refused
			Wed  5 Jan 10:00  bruno has 5000
			Wed  5 Jan 10:00  chloe has 150, refused`},

		{"a file that was three days ahead is not the copy of a cutoff that comes in those days", `
			Sat  1 Jan 10:00  the store is a file
			Sat  1 Jan 11:00  0310001A enters anne
			Sat  1 Jan 12:00  relay A starts 3 days ahead
			Sat  1 Jan 12:01  relay A stops
			Sat  1 Jan 12:02  relay A starts
			Mon  3 Jan 12:00  0310001A enters bruno
			Wed  5 Jan 10:00  bruno has 5000
			Wed  5 Jan 10:00  relay A is sure`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tell(t, row.story)
		})
	}
}
