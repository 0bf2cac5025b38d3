package quota

// Together is the verdict on n recipients of one message of the inbound role, where each
// RCPT is judged for itself: before is that on the recipients answered earlier, and last
// that on the latest, which passes. The record tells of the last recipient that was not
// just accepted; what is left to do is for all of them.
func Together(before, last *Verdict, n int) Verdict {
	told := before
	if n == 1 || last.Action != Accept {
		told = last
	}
	facts := told.Facts
	facts.Recipients = n
	return Verdict{Action: told.Action, Reason: told.Reason, FromFault: told.FromFault, Facts: facts, Due: last.Due}
}
