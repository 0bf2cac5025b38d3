package history

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// maxWaiting is how many records may wait to be stored: minutes of an outage.
	maxWaiting = 8192
	// batchSize is how many are stored at once.
	batchSize = 100
	// linger is how long a record waits for others to be stored together with it.
	linger = 200 * time.Millisecond
	// appendTimeout is how long storing may take.
	appendTimeout = 5 * time.Second
	// closeTimeout is how long the program, when it ends, waits for the last records to
	// be stored.
	closeTimeout = 2 * time.Second
	// minPause and maxPause bound the pause after an attempt that failed.
	minPause = 200 * time.Millisecond
	maxPause = 10 * time.Second
	// trimEvery is how often records that are too old are forgotten, though none is new.
	trimEvery = time.Hour
	// dueEvery is how often records that were held back are looked at.
	dueEvery = time.Minute
	// tellEvery is how often lost records are logged at most.
	tellEvery = time.Minute
)

// Recorder stores records in the background. Adding one never waits, and never fails:
// when too many wait, further ones are lost, and counted. Of one sender who is stopped
// again and again, not each message leaves a record. Make it with [NewRecorder].
type Recorder struct {
	store Writer
	log   *slog.Logger

	shares *shares
	queue  chan *Record
	taken  atomic.Int64 // from the queue, and not stored yet
	lost   atomic.Uint64
	stop   context.CancelFunc
	ended  chan struct{}

	problem atomic.Pointer[error] // why records cannot be stored; nil: they can

	told   uint64 // how many of lost have been logged
	toldAt time.Time
}

// NewRecorder begins to store records. The caller closes the recorder, and then the store.
func NewRecorder(store Writer, log *slog.Logger) *Recorder {
	ctx, stop := context.WithCancel(context.Background())
	r := &Recorder{store: store, log: log, shares: newShares(), queue: make(chan *Record, maxWaiting), stop: stop, ended: make(chan struct{})}
	go r.run(ctx)
	return r
}

// Add keeps a record. It may be called by many goroutines at once.
func (r *Recorder) Add(record Record) { r.put(r.shares.admit(record, time.Now())) }

// put queues records to be stored.
func (r *Recorder) put(records []Record) {
	for i := range records {
		select {
		case r.queue <- &records[i]:
		default:
			r.lost.Add(1)
		}
	}
}

// Lost is how many records were lost.
func (r *Recorder) Lost() uint64 { return r.lost.Load() }

// Waiting is how many records wait to be stored, with those that are being stored.
func (r *Recorder) Waiting() int { return len(r.queue) + int(r.taken.Load()) }

// Problem is why records cannot be stored at present; nil: they can, as far as is known.
func (r *Recorder) Problem() error {
	if why := r.problem.Load(); why != nil {
		return *why
	}
	return nil
}

// Close stores what waits, unless that takes longer than closeTimeout. Records that are
// added later are lost.
func (r *Recorder) Close() {
	r.stop()
	select {
	case <-r.ended:
	case <-time.After(2 * closeTimeout): // a disk that hangs
	}
}

// run stores records until ctx ends, and then the rest.
func (r *Recorder) run(ctx context.Context) {
	defer close(r.ended)
	trim := time.NewTicker(trimEvery)
	defer trim.Stop()
	due := time.NewTicker(dueEvery)
	defer due.Stop()
	r.trim(ctx)
	for {
		select {
		case <-ctx.Done():
			r.finish(nil)
			return
		case <-trim.C:
			r.trim(ctx)
		case <-due.C:
			r.put(r.shares.due(time.Now()))
		case first := <-r.queue:
			batch := r.batch(ctx, first)
			if !r.keep(ctx, batch) {
				r.finish(batch)
				return
			}
		}
	}
}

// batch returns a record and those that follow soon.
func (r *Recorder) batch(ctx context.Context, first *Record) []Record {
	batch := []Record{*first}
	enough := time.NewTimer(linger)
	defer enough.Stop()
	for len(batch) < batchSize {
		select {
		case next := <-r.queue:
			batch = append(batch, *next)
		case <-enough.C:
			return batch
		case <-ctx.Done():
			return batch
		}
	}
	return batch
}

// keep stores a batch, however often that fails. It reports false when ctx ended first.
func (r *Recorder) keep(ctx context.Context, batch []Record) bool {
	r.taken.Store(int64(len(batch)))
	defer r.taken.Store(0)
	for pause := minPause; r.append(ctx, batch) != nil; pause = min(2*pause, maxPause) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
	return true
}

// append tries to store a batch, and logs when that begins or ceases to fail.
func (r *Recorder) append(ctx context.Context, batch []Record) error {
	limited, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	err := r.store.Append(limited, batch)
	switch {
	case err != nil && ctx.Err() == nil && r.problem.Load() == nil:
		r.problem.Store(&err)
		// Log record "history_unavailable": a warning, when decision records cannot be stored: `error`;
		// once per outage. Mail goes on; records wait, and are lost where too many do
		r.log.Warn("history_unavailable", "error", err)
	case err == nil && r.problem.Load() != nil:
		r.problem.Store(nil)
		// Log record "history_available": when they can be stored again
		r.log.Info("history_available")
	}
	if err == nil {
		r.tellLost(time.Now())
	}
	return err
}

// tellLost logs how many records were lost since it was last told.
func (r *Recorder) tellLost(now time.Time) {
	lost := r.lost.Load()
	if lost == r.told || now.Sub(r.toldAt) < tellEvery && !r.toldAt.IsZero() {
		return
	}
	// Log record "decision_records_lost": a warning: so many decision records (`lost`) could not be
	// stored; once a minute at most
	// Log key "lost": how many decision records
	r.log.Warn("decision_records_lost", "lost", lost-r.told)
	r.told, r.toldAt = lost, now
}

// trim forgets old records. That it fails is logged when records cannot be stored either.
func (r *Recorder) trim(ctx context.Context) {
	for {
		limited, cancel := context.WithTimeout(ctx, appendTimeout)
		more, err := r.store.Trim(limited)
		cancel()
		if err != nil || !more {
			return
		}
	}
}

// finish stores a batch that could not be stored yet, and what waits, all in closeTimeout.
func (r *Recorder) finish(batch []Record) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	batch = append(batch, r.shares.rest()...)
	for {
		for len(batch) < batchSize && len(r.queue) > 0 {
			batch = append(batch, *<-r.queue)
		}
		if len(batch) == 0 {
			break
		}
		if r.append(ctx, batch) != nil {
			r.lost.Add(uint64(len(batch) + len(r.queue)))
			break
		}
		batch = nil
	}
	r.toldAt = time.Time{}
	r.tellLost(time.Now())
}
