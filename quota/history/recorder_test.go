package history

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func numbered(n int) Record { return Record{Sender: strconv.Itoa(n), Recipients: n} }

func (f *fake) want(t *testing.T, n int) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.entries) != n {
		t.Errorf("%d records are stored, want %d", len(f.entries), n)
	}
	for i := range f.entries {
		if f.entries[i].Recipients != i {
			t.Errorf("record %d is %d", i, f.entries[i].Recipients)
		}
	}
}

func TestRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, log := &fake{}, &logged{}
		r := NewRecorder(store, log.log())
		for i := range 2*batchSize + 1 {
			r.Add(numbered(i))
		}
		time.Sleep(2 * linger) //nolint:forbidigo // the bubble's clock
		store.want(t, 2*batchSize+1)
		r.Add(numbered(2*batchSize + 1))
		r.Close()
		store.want(t, 2*batchSize+2)
		log.want(t)
		if r.Lost() != 0 {
			t.Errorf("lost %d", r.Lost())
		}
	})
}

// TestRecorderWithoutAStore: while the store is away, records wait, and those for which
// there is no room are lost. It is said once, and once when it is over.
func TestRecorderWithoutAStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, log := &fake{away: errAway}, &logged{}
		r := NewRecorder(store, log.log())
		defer r.Close()
		for i := range 10 {
			r.Add(numbered(i))
			time.Sleep(maxPause) //nolint:forbidigo // the bubble's clock
		}
		log.want(t, `level=WARN msg=history_unavailable error=away`)
		if err := r.Problem(); !errors.Is(err, errAway) {
			t.Errorf("the problem is %v", err)
		}
		store.set(nil)
		time.Sleep(2 * maxPause) //nolint:forbidigo // the bubble's clock
		store.want(t, 10)
		if err := r.Problem(); err != nil {
			t.Errorf("the problem is %v", err)
		}
		log.want(t, `level=INFO msg=history_available`)

		store.set(errAway)
		for i := range 2 * maxWaiting {
			r.Add(numbered(10 + i))
			if i == batchSize {
				time.Sleep(2 * linger) //nolint:forbidigo // the bubble's clock
			}
		}
		log.want(t, `level=WARN msg=history_unavailable error=away`)
		if want := uint64(maxWaiting - batchSize); r.Lost() != want || r.Waiting() != maxWaiting+batchSize {
			t.Errorf("lost %d, want %d; %d wait", r.Lost(), want, r.Waiting())
		}
		store.set(nil)
		time.Sleep(2 * maxPause) //nolint:forbidigo // the bubble's clock
		store.want(t, 10+maxWaiting+batchSize)
		log.want(t, `level=INFO msg=history_available`, `level=WARN msg=decision_records_lost lost=8092`)
	})
}

// TestRecorderThatIsClosed: the program ends in time, whatever the store does, and what
// was not stored is counted and logged.
func TestRecorderThatIsClosed(t *testing.T) {
	for name, store := range map[string]*fake{"away": {away: errAway}, "hangs": {hangs: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &logged{}
				r := NewRecorder(store, log.log())
				for i := range 3 * batchSize {
					r.Add(numbered(i))
				}
				time.Sleep(time.Minute) //nolint:forbidigo // the bubble's clock
				start := time.Now()
				r.Close()
				if took := time.Since(start); took > closeTimeout {
					t.Errorf("closing took %v", took)
				}
				if r.Lost() != 3*batchSize {
					t.Errorf("lost %d", r.Lost())
				}
				why := map[string]string{"away": "away", "hangs": `"context deadline exceeded"`}[name]
				log.want(t, `level=WARN msg=history_unavailable error=`+why, `level=WARN msg=decision_records_lost lost=300`)
			})
		})
	}
}

// TestRecorderTrims: what is old goes every hour, though nothing is added.
func TestRecorderTrims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fake{perTrim: 3}
		r := NewRecorder(store, (&logged{}).log())
		defer r.Close()
		time.Sleep(trimEvery + time.Minute) //nolint:forbidigo // the bubble's clock
		store.mu.Lock()
		defer store.mu.Unlock()
		if store.trims != 4 {
			t.Errorf("trimmed %d times", store.trims)
		}
	})
}
