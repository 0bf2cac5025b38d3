package counter

import (
	"cmp"
	"slices"
	"sort"

	"github.com/rcptquota/rcptquota/quota"
)

// Times in a tally are microseconds since 1970, as Redis's clock gives them.

// tally is what one sender reached. The zero value is that of a sender who
// reached nobody. It holds no more entries than the windows allow, but for the
// reservations not yet settled, which remember what they replaced.
//
// The fields are what state_dir holds of it, in CBOR (RFC 8949).
type tally struct {
	_ struct{} `cbor:",toarray"`
	// Reached has each recipient once, at the last time it was reached, in the
	// order of time.
	Reached []reach
	// Copies are the recipients of each message, in the order of time.
	Copies []copied
	// Open are the reservations not yet settled.
	Open []reservation
	// Last is the newest time given out: no two reservations share one.
	Last int64
	// Keep is how long an entry can still matter, in microseconds.
	Keep int64
	// Moved is up to when the tally is in Redis, too. That part is a shadow: it
	// counts in another outage, and does not move again.
	Moved int64
	// sent is up to when the tally may be in Redis; a restart may forget it.
	sent int64
}

// set is the distinct recipients of one message.
type set map[digest]struct{}

type reach struct {
	_      struct{} `cbor:",toarray"`
	Digest digest
	At     int64
}

type copied struct {
	_  struct{} `cbor:",toarray"`
	At int64
	N  int
}

// reservation can still be released: those recipients that it reached again
// then go back to the times before.
type reservation struct {
	_        struct{} `cbor:",toarray"`
	ID       string
	At       int64
	Replaced []reach
}

// settleWithin is how long a reservation can be released, in microseconds. A
// relay that was killed settles nothing: what it reserved then stands.
const settleWithin = 6 * 3600 * 1_000_000

// decision is the pure part of a quota.Count.
type decision struct {
	at       int64
	exceeded int // -1: reserved
	used     int
	retryAt  int64
}

// reserve counts a message at the time now, or tells which window it exceeds.
// The message's n recipients are those in the set.
func (t *tally) reserve(now int64, id string, windows []quota.Window, recipients set, n int) decision {
	if i := t.find(id); i >= 0 {
		return decision{at: t.Open[i].At, exceeded: -1}
	}
	d := decision{at: max(now, t.Last+1) | 1, exceeded: -1} // Redis gives out the even ones
	t.expire(d.at, windows)
	for i, w := range windows {
		used, free := t.usage(d.at, &w, recipients, n)
		if at := free + w.Per.Microseconds(); free > 0 && at > d.retryAt {
			d.exceeded, d.used, d.retryAt = i, used, at
		}
	}
	if d.exceeded < 0 {
		t.add(d.at, id, windows, recipients, n)
	}
	return d
}

// usage returns how many recipients the window holds at the time now and, if
// the message does not fit, the time of the entry that must leave for it to fit;
// 0 if it fits.
func (t *tally) usage(now int64, w *quota.Window, recipients set, n int) (used int, free int64) {
	since := now - w.Per.Microseconds()
	if w.Count == quota.Copies {
		live := t.Copies[after(t.Copies, since, func(c copied) int64 { return c.At }):]
		for _, c := range live {
			used += c.N
		}
		for over := used + n - w.Recipients; over > 0 && len(live) > 0; live = live[1:] {
			over, free = over-live[0].N, live[0].At
		}
		return used, free
	}
	live := t.Reached[after(t.Reached, since, func(r reach) int64 { return r.At }):]
	over := len(live) + n - w.Recipients
	if over <= 0 {
		return len(live), 0
	}
	for _, r := range live { // those reached again are there already
		if _, again := recipients[r.Digest]; again {
			over--
		}
	}
	for i := 0; over > 0 && i < len(live); i++ {
		if _, again := recipients[live[i].Digest]; !again {
			over, free = over-1, live[i].At
		}
	}
	return len(live), free
}

// after returns the index of the first entry later than since.
func after[E any](entries []E, since int64, at func(E) int64) int {
	return sort.Search(len(entries), func(i int) bool { return at(entries[i]) > since })
}

// add counts a message that fits.
func (t *tally) add(at int64, id string, windows []quota.Window, recipients set, n int) {
	r := reservation{ID: id, At: at}
	if counts(windows, quota.Copies) {
		t.Copies = append(t.Copies, copied{At: at, N: n})
	}
	if counts(windows, quota.Distinct) {
		t.Reached = slices.DeleteFunc(t.Reached, func(e reach) bool {
			_, again := recipients[e.Digest]
			if again {
				r.Replaced = append(r.Replaced, e)
			}
			return again
		})
		for d := range recipients {
			t.Reached = append(t.Reached, reach{Digest: d, At: at})
		}
	}
	t.Open = append(t.Open, r)
	t.Last = at
}

func counts(windows []quota.Window, kind quota.CountKind) bool {
	return slices.ContainsFunc(windows, func(w quota.Window) bool { return w.Count == kind })
}

// expire forgets what no window can hold any more.
func (t *tally) expire(now int64, windows []quota.Window) {
	t.Keep = 0
	for _, w := range windows {
		t.Keep = max(t.Keep, w.Per.Microseconds())
	}
	since := now - t.Keep
	t.Reached = slices.Delete(t.Reached, 0, after(t.Reached, since, func(r reach) int64 { return r.At }))
	t.Copies = slices.Delete(t.Copies, 0, after(t.Copies, since, func(c copied) int64 { return c.At }))
	t.Open = slices.DeleteFunc(t.Open, func(r reservation) bool { return now-r.At > settleWithin })
}

// empty reports whether the tally holds nothing that could matter at the time
// now.
func (t *tally) empty(now int64) bool {
	return now-t.Last > t.Keep && (len(t.Open) == 0 || now-t.Last > settleWithin)
}

// settle ends a reservation.
func (t *tally) settle(id string, stood bool) {
	i := t.find(id)
	if i < 0 {
		return
	}
	r := t.Open[i]
	t.Open = slices.Delete(t.Open, i, i+1)
	if !stood {
		t.release(&r)
	}
}

func (t *tally) find(id string) int {
	return slices.IndexFunc(t.Open, func(r reservation) bool { return r.ID == id })
}

// release undoes a reservation, whatever came after it: what later ones
// remember of it becomes what it remembers itself.
func (t *tally) release(r *reservation) {
	t.Copies = slices.DeleteFunc(t.Copies, func(c copied) bool { return c.At == r.At })
	before := make(map[digest]int64, len(r.Replaced))
	for _, e := range r.Replaced {
		before[e.Digest] = e.At
	}
	t.Reached = goBack(t.Reached, r.At, before)
	slices.SortStableFunc(t.Reached, func(a, b reach) int { return cmp.Compare(a.At, b.At) })
	for i := range t.Open {
		t.Open[i].Replaced = goBack(t.Open[i].Replaced, r.At, before)
	}
}

// goBack sets the entries of the time at to the times before, and drops those
// that have none.
func goBack(entries []reach, at int64, before map[digest]int64) []reach {
	kept := entries[:0]
	for _, e := range entries {
		if e.At == at {
			previous, ok := before[e.Digest]
			if !ok {
				continue
			}
			e.At = previous
		}
		kept = append(kept, e)
	}
	return kept
}
