package replay

import (
	"fmt"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
)

// Notes adds to notes what the numbers rest on, in a sentence each.
func (r *Result) Notes(notes []string) []string {
	note := func(n int, format string, args ...any) {
		if n > 0 {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	messages := func(n int) string { return term.Count(n, "message", "messages") }
	vague := r.Total.Messages - r.Exact
	note(vague, "Of %s the log does not tell how many recipients the client gave; where that matters, there are two numbers, for the least and the most.", messages(vague))
	note(r.Outside, "%s outside --since and --until count in windows only.", messages(r.Outside))
	note(r.Unauthenticated, "%s without a login, and not judged: mail from elsewhere, from programs, or on its way back from a filter.", are(r.Unauthenticated))
	note(r.Exempt, "%s from exempt networks.", are(r.Exempt))
	note(r.Degraded, "Of the senders of %s the directory could not be asked; they were judged by the default class, and a refusal of theirs is not sure.", messages(r.Degraded))
	note(r.Rejected, "%s refused at the time and not judged, because the log does not tell the recipients.", were(r.Rejected))
	note(r.Unfinished, "%s given up by the client, or not queued before the log ends.", were(r.Unfinished))
	note(r.Twice, "%s twice in the log and counted once: the same lines are in two files.", are(r.Twice))
	if r.senders.Full() {
		notes = append(notes, fmt.Sprintf("There are more than %d senders; the numbers of those that came after them are not told one by one.", maxNames))
	}
	if r.Read.Inferred {
		notes = append(notes, "The log has time stamps without a year: it was inferred, backwards from when each file was last written; and without a zone: they were read as this machine's local time.")
	}
	t := &r.Read.Trouble
	note(t.Lines, "%s damaged, and left out; the first is %s", term.Count(t.Lines, "line is", "lines are"), t.First)
	for _, file := range t.Files {
		notes = append(notes, "Not read to its end: "+file)
	}
	return notes
}

func are(n int) string  { return term.Count(n, "message is", "messages are") }
func were(n int) string { return term.Count(n, "message was", "messages were") }
