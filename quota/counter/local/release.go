package local

import (
	"cmp"
	"slices"

	"github.com/rcptquota/rcptquota/quota/counter/digest"
)

// release undoes a reservation, which is no longer in Open, even if others came after it:
// wherever they remember its time, they now remember the time that it replaced itself.
func (t *tally) release(r *reservation) {
	from, to := at(t.Copies, r.At)
	t.Copies = slices.Delete(t.Copies, from, to)
	before := make(map[digest.Digest]int64, len(r.Replaced))
	for _, e := range r.Replaced {
		before[e.Digest] = e.At
	}
	t.Reached = goBack(t.Reached, r.At, before)
	for i := after(t.Open, r.At); i < len(t.Open); i++ {
		t.Open[i].Replaced = goBack(t.Open[i].Replaced, r.At, before)
	}
}

// at returns which entries have that time: those from index from up to, not including, to.
func at[E timed](entries []E, time int64) (from, to int) {
	return after(entries, time-1), after(entries, time)
}

// goBack gives the entries that have a time the earlier time in before, and drops those
// that have none there. The entries stay in the order of time.
func goBack(entries []reach, time int64, before map[digest.Digest]int64) []reach {
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

// merge merges two lists that are in the order of time, in the memory of the first.
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
