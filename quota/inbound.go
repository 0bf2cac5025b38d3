package quota

// Together returns the verdict on the n recipients of one message in the inbound role,
// where each RCPT is judged by itself. before is the verdict on those answered earlier, and
// last that on the latest one, which passes. The record is about the last recipient that
// was not simply accepted; what is left to do is for all of them.
func Together(before, last *Verdict, n int) Verdict {
	told := before
	if n == 1 || last.Action != Accept {
		told = last
	}
	facts := told.Facts
	facts.Recipients = n
	return Verdict{Action: told.Action, Reason: told.Reason, FromFault: told.FromFault, Facts: facts, Due: Due{Posting: before.Posting.Merge(last.Posting)}}
}
