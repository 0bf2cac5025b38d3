package counter

import (
	"cmp"
	"slices"
)

// release undoes a reservation that is not open any more, whatever came after it:
// what later ones remember of it becomes what it remembers itself.
func (t *tally) release(r *reservation) {
	from, to := at(t.Copies, r.At)
	t.Copies = slices.Delete(t.Copies, from, to)
	before := make(map[digest]int64, len(r.Replaced))
	for _, e := range r.Replaced {
		before[e.Digest] = e.At
	}
	t.Reached = goBack(t.Reached, r.At, before)
	for i := after(t.Open, r.At); i < len(t.Open); i++ {
		t.Open[i].Replaced = goBack(t.Open[i].Replaced, r.At, before)
	}
}

// at returns where the entries of one time are.
func at[E timed](entries []E, time int64) (from, to int) {
	return after(entries, time-1), after(entries, time)
}

// goBack sets the entries of a time to the times before, and drops those that have
// none. Entries are in the order of time, before and after.
func goBack(entries []reach, time int64, before map[digest]int64) []reach {
	from, to := at(entries, time)
	if from == to {
		return entries
	}
	var back []reach
	for _, e := range entries[from:to] {
		if previous, ok := before[e.Digest]; ok {
			back = append(back, reach{Digest: e.Digest, At: previous})
		}
	}
	slices.SortFunc(back, byTime)
	return merge(slices.Delete(entries, from, to), back)
}

func byTime[E timed](a, b E) int { return cmp.Compare(a.time(), b.time()) }

// merge adds entries to others; both are in the order of time.
func merge(entries, more []reach) []reach {
	i, j := len(entries)-1, len(more)-1
	entries = append(entries, more...)
	for k := len(entries) - 1; j >= 0; k-- {
		if i >= 0 && entries[i].At > more[j].At {
			entries[k] = entries[i]
			i--
		} else {
			entries[k] = more[j]
			j--
		}
	}
	return entries
}
