package counter

import "slices"

// moveBack corrects times that lie in the future because the clock was ahead when they
// were given out: it moves them all back by as much as makes the last of them now.
// Otherwise the sender could send nothing until the clock had caught up with them.
func (t *tally) moveBack(now int64) {
	from := now + clockTolerance.Microseconds()
	if t.Last <= from {
		return
	}
	shift := t.Last - now
	move := func(at *int64) {
		if *at > from {
			*at -= shift
		}
	}
	moveReached := func(entries []reach) {
		for i := range entries {
			move(&entries[i].At)
		}
		slices.SortStableFunc(entries, byTime)
	}
	moveReached(t.Reached)
	for i := range t.Copies {
		move(&t.Copies[i].At)
	}
	slices.SortStableFunc(t.Copies, byTime)
	for i := range t.Open {
		move(&t.Open[i].At)
		moveReached(t.Open[i].Replaced)
	}
	slices.SortStableFunc(t.Open, byTime)
	move(&t.Alone)
	t.Last = now
}
