package local

import (
	"slices"
	"sort"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

// Times in a tally are microseconds since 1970, as Redis's clock gives them.

// tally is what one sender reached. The zero value is that of a sender who
// reached nobody. It holds no more entries than the windows allow, apart from what the
// open reservations remember.
//
// The fields are what state_dir holds of it, in CBOR (RFC 8949).
type tally struct {
	_ struct{} `cbor:",toarray"`
	// Reached has each recipient once, at the last time it was reached, in the
	// order of time.
	Reached []reach
	// Copies are the recipients of each message, in the order of time.
	Copies []copied
	// Open are the reservations neither committed nor released, in the order of
	// time.
	Open []reservation
	// Last is the newest time given out: no two reservations share one.
	Last int64
	// Keep is how long an entry can still matter, in microseconds.
	Keep int64
	// Alone is the newest time given out for a message that was counted here alone,
	// without Redis; 0: there is none.
	Alone int64

	windows []quota.Window // of the message counted last; not saved
}

// set is the distinct recipients of one message.
type set map[digest.Digest]struct{}

type reach struct {
	_      struct{} `cbor:",toarray"`
	Digest digest.Digest
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
	Replaced []reach // in the order of time
}

func (r reach) time() int64       { return r.At }
func (c copied) time() int64      { return c.At }
func (r reservation) time() int64 { return r.At }

// timed is an entry of a tally.
type timed interface{ time() int64 }

// decision is the pure part of a quota.Count.
type decision struct {
	at       int64
	exceeded int // index of a window; -1: reserved; or tooManyOpen
	used     int
	retryAt  int64
}

// tooManyOpen is the value of exceeded when underway.Most reservations are open. Scripts
// reply with it, too.
const tooManyOpen = -2

// count is the decision as a counter tells it.
func (d decision) count() (quota.Count, error) {
	if d.exceeded == tooManyOpen {
		return quota.Count{}, quota.ErrTooManyOpen
	}
	c := quota.Count{At: time.UnixMicro(d.at), Exceeded: d.exceeded, Used: d.used}
	if d.exceeded >= 0 {
		c.RetryAt = time.UnixMicro(d.retryAt)
	}
	return c, nil
}

// keepSet is the largest set of recipients whose memory the next message reuses: clearing
// a map takes as long as the most that it ever held.
const keepSet = 1024

// reserve counts a message at the time now, or tells which window it exceeds.
// The message's r.N recipients are those in the set.
func (t *tally) reserve(now int64, r *quota.Reservation, recipients set) decision {
	if i := t.find(r.ID); i >= 0 {
		return decision{at: t.Open[i].At, exceeded: -1}
	}
	t.moveBack(now)
	d := decision{at: max(now, t.Last+1), exceeded: -1}
	keep := r.Keep.With(r.Windows)
	t.expire(d.at, keep)
	if t.crowded(d.at) {
		d.exceeded = tooManyOpen
		return d
	}
	for i, w := range r.Windows {
		used, free := t.usage(d.at, &w, recipients, r.N)
		if at := free + w.Per.Microseconds(); free > 0 && at > d.retryAt {
			d.exceeded, d.used, d.retryAt = i, used, at
		}
	}
	if d.exceeded < 0 {
		t.add(d.at, r, keep, recipients)
	}
	return d
}

// usage returns how many recipients the window holds at the time now and, if
// the message does not fit, the time of the entry that must leave for it to fit;
// 0 if it fits.
func (t *tally) usage(now int64, w *quota.Window, recipients set, n int) (used int, free int64) {
	since := now - w.Per.Microseconds()
	if w.Count == quota.Copies {
		live := t.Copies[after(t.Copies, since):]
		for _, c := range live {
			used += c.N
		}
		for over := used + n - w.Recipients; over > 0 && len(live) > 0; live = live[1:] {
			over, free = over-live[0].N, live[0].At
		}
		return used, free
	}
	live := t.Reached[after(t.Reached, since):]
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
func after[E timed](entries []E, since int64) int {
	return sort.Search(len(entries), func(i int) bool { return entries[i].time() > since })
}

// add counts a message that fits.
func (t *tally) add(at int64, r *quota.Reservation, keep quota.Retention, recipients set) {
	open := reservation{ID: r.ID, At: at}
	if keep.Copies > 0 {
		t.Copies = append(t.Copies, copied{At: at, N: r.N})
	}
	if keep.Distinct > 0 {
		t.Reached = slices.DeleteFunc(t.Reached, func(e reach) bool {
			_, again := recipients[e.Digest]
			if again {
				open.Replaced = append(open.Replaced, e)
			}
			return again
		})
		for d := range recipients {
			t.Reached = append(t.Reached, reach{Digest: d, At: at})
		}
	}
	t.Open = append(t.Open, open)
	t.Last = at
}

// expire forgets what no window can hold any more, of any class.
func (t *tally) expire(now int64, keep quota.Retention) {
	t.Keep = max(keep.Distinct, keep.Copies).Microseconds()
	t.Reached = slices.Delete(t.Reached, 0, after(t.Reached, now-keep.Distinct.Microseconds()))
	t.Copies = slices.Delete(t.Copies, 0, after(t.Copies, now-keep.Copies.Microseconds()))
	// Each message has a recipient: the oldest beyond any limit matter to no window,
	// even if all the open ones are released.
	t.Copies = slices.Delete(t.Copies, 0, max(0, len(t.Copies)-underway.MaxMessages))
	t.commitOlder(now, underway.Life.Microseconds())
}

// crowded reports whether no further reservation may be open.
func (t *tally) crowded(now int64) bool {
	if len(t.Open) >= underway.Most {
		t.commitOlder(now, underway.CrowdedLife.Microseconds())
	}
	return len(t.Open) >= underway.Most
}

// commitOlder commits the reservations that have been open for longer than so many
// microseconds.
func (t *tally) commitOlder(now, longer int64) {
	t.Open = slices.Delete(t.Open, 0, after(t.Open, now-longer-1))
}

// empty reports whether the tally holds nothing that could matter at the time
// now.
func (t *tally) empty(now int64) bool {
	return now-t.Last > t.Keep && (len(t.Open) == 0 || now-t.Last > underway.Life.Microseconds())
}

// settle commits a reservation, or releases it.
func (t *tally) settle(id string, commit bool) {
	i := t.find(id)
	if i < 0 {
		return
	}
	r := t.Open[i]
	t.Open = slices.Delete(t.Open, i, i+1)
	if !commit {
		t.release(&r)
	}
}

func (t *tally) find(id string) int {
	return slices.IndexFunc(t.Open, func(r reservation) bool { return r.ID == id })
}

// moveBack corrects times that lie in the future because the clock was ahead when they
// were given out: it moves them all back by as much as makes the last of them now.
// Otherwise the sender could send nothing until the clock had caught up with them.
func (t *tally) moveBack(now int64) {
	from := now + underway.ClockTolerance.Microseconds()
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
