package roster

import "testing"

// TestStoriesOfAnEmptyDirectory tells what becomes of the roster when the directory
// says, without an error, that nearly nobody is designated any more.
func TestStoriesOfAnEmptyDirectory(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, story string }{
		{"nobody at the cutoff: the old roster stays, and nobody is bounced from the effect on", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 11:00  40 others are entered
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:00  0310001A enters bruno
			Mon  3 Jan 23:00  the directory tells of nobody
			Tue  4 Jan 00:01  relay A doubts: nearly_empty
			Tue  4 Jan 00:01  the logs have said roster_doubted 1 time
			Wed  5 Jan 09:59:59  bruno has 150, refused
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  bruno has 150, deferred
			Wed  5 Jan 11:00  anne has 5000
			Wed  5 Jan 11:00  the logs have said roster_doubted 1 time
			Wed  5 Jan 12:00  the directory tells of all
			Wed  5 Jan 12:02  bruno has 5000
			Wed  5 Jan 12:02  chloe has 150, refused
			Wed  5 Jan 12:02  relay A is sure
			Wed  5 Jan 12:02  the logs have said roster_copied 2 times`},

		{"a third at the cutoff, corrected before the effect: nobody notices", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 11:00  40 others are entered
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:00  0310001A enters bruno
			Mon  3 Jan 23:00  the directory tells of every third
			Tue  4 Jan 08:00  relay A doubts: nearly_empty
			Tue  4 Jan 09:00  the directory tells of all
			Tue  4 Jan 09:02  relay A is sure
			Wed  5 Jan 09:59:59  bruno has 150, refused
			Wed  5 Jan 10:00  bruno has 5000`},

		{"half of them is believed", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 11:00  40 others are entered
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 23:00  the directory tells of half of them
			Tue  4 Jan 00:01  relay A is sure
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  other0 has 150, refused`},

		{"a second relay doubts too, and restarts change nothing", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 11:00  40 others are entered
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 12:00  relay B starts
			Mon  3 Jan 23:00  the directory tells of nobody
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  bruno has 150, deferred
			Wed  5 Jan 11:00  relay A stops
			Wed  5 Jan 11:00  relay B stops
			Wed  5 Jan 11:01  relay A starts
			Wed  5 Jan 11:01  relay B starts
			Wed  5 Jan 11:02  anne has 5000
			Wed  5 Jan 11:02  bruno has 150, deferred`},

		{"a refresh says that it is right", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 11:00  40 others are entered
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 23:00  the directory tells of nobody
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 11:00  roster refresh
			Wed  5 Jan 11:01  anne has 150, refused
			Wed  5 Jan 11:01  relay A is sure`},

		{"the directory goes away while it is doubted, and is back", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 11:00  40 others are entered
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 23:00  the directory tells of nobody
			Wed  5 Jan 11:00  the directory goes away
			Wed  5 Jan 11:10  relay A doubts: unavailable
			Wed  5 Jan 11:10  bruno has 150, deferred
			Wed  5 Jan 12:00  the directory is back
			Wed  5 Jan 12:10  relay A doubts: nearly_empty
			Wed  5 Jan 12:10  bruno has 150, deferred`},

		{"the store loses the roster while it is doubted", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 11:00  40 others are entered
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 23:00  the directory tells of nobody
			Wed  5 Jan 11:00  the store forgets
			Wed  5 Jan 11:01  relay B starts
			Wed  5 Jan 11:02  anne has 5000
			Wed  5 Jan 11:02  bruno has 150, deferred`},

		{"the store loses the roster, and a relay starts at that moment", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 11:00  40 others are entered
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 23:00  the directory tells of nobody
			Wed  5 Jan 11:00  the store forgets
			Wed  5 Jan 11:00  relay B starts
			Wed  5 Jan 11:01  anne has 5000
			Wed  5 Jan 11:01  bruno has 150, deferred`},

		{"the store is away at the cutoff of an empty directory", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 11:00  40 others are entered
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 22:00  the store goes away
			Mon  3 Jan 23:00  the directory tells of nobody
			Wed  5 Jan 11:00  the store is back
			Wed  5 Jan 11:01  anne has 5000
			Wed  5 Jan 11:01  bruno has 150, deferred`},

		{"a small site takes its two premium senders out", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 11:00  0310001A enters bruno
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 23:00  the directory tells of nobody
			Wed  5 Jan 10:00  anne has 150, refused
			Wed  5 Jan 10:00  relay A is sure`},

		{"a first start with nobody designated is no doubt", `
			Sat  1 Jan 12:00  relay A starts
			Sat  1 Jan 12:00  anne has 150, refused
			Sat  1 Jan 12:00  relay A is sure`},

		{"a first start at which nobody is found of those designated is one", `
			Sat  1 Jan 11:00  30 entries name nobody
			Sat  1 Jan 12:00  relay A starts
			Sat  1 Jan 12:00  anne has 150, deferred
			Sat  1 Jan 12:00  relay A doubts: nearly_empty
			Sat  1 Jan 13:00  0310001A enters anne
			Sat  1 Jan 13:02  anne has 5000
			Sat  1 Jan 13:02  bruno has 150, refused`},

		{"everybody is entered, but cannot be found any more", `
			Mon  3 Jan 11:00  0310001A enters anne
			Mon  3 Jan 11:00  40 others are entered
			Mon  3 Jan 12:00  relay A starts
			Mon  3 Jan 23:00  the directory tells of nobody
			Mon  3 Jan 23:00  41 entries name nobody
			Wed  5 Jan 10:00  anne has 5000
			Wed  5 Jan 10:00  bruno has 150, deferred`},

		{"what is replaced because it lies in the future is not replaced by nothing", `
			Sat  1 Jan 10:00  the store is a file
			Sat  1 Jan 11:00  40 others are entered
			Sat  1 Jan 12:00  relay A starts 365 days ahead
			Sat  1 Jan 12:01  relay A stops
			Sat  1 Jan 12:02  the directory tells of nobody
			Sat  1 Jan 12:03  relay A starts
			Sat  1 Jan 12:03  other0 has 150, deferred
			Sat  1 Jan 12:03  relay A doubts: nearly_empty
			Sat  1 Jan 12:04  the directory tells of all
			Sat  1 Jan 12:06  other0 has 5000`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tell(t, row.story)
		})
	}
}
