package logging

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// maxRecords and maxBytes bound what waits to be written: minutes of a
	// busy relay.
	maxRecords = 16_384
	maxBytes   = 4 << 20
	// maxIdleBuffer is how much of a buffer, in bytes, is kept for the next lines.
	maxIdleBuffer = 64 << 10
	// linger is how long a line waits for others, to be written together with
	// them: waking the writer for each line would cost more than the line itself.
	linger = 2 * time.Millisecond
	// maxBlock is the most, in bytes, that a pipe takes whole or not at all:
	// PIPE_BUF on Linux (pipe(7)).
	maxBlock = 4096
	// minPause and maxPause bound the pause after a write that failed.
	minPause = 10 * time.Millisecond
	maxPause = time.Second
	// flushTimeout is how long the program, when it ends, waits for the rest of
	// the log to be written.
	flushTimeout = time.Second
)

// Queue is a writer that never blocks and never fails, because mail must not
// wait for its log. It queues lines for another writer, which may do both: whatever
// reads the log may hang or end, and a disk may be full. When the queue is full,
// further lines are dropped until it is empty; one record in their place then says
// how many are missing. Make it with [NewQueue].
type Queue struct {
	out     io.Writer
	dropped atomic.Uint64 // since the start

	mu      sync.Mutex
	waiting lines
	records int // not yet written: those waiting, and those being written
	size    int // of these records, in bytes
	missing int // dropped and not yet reported; until then, all lines are dropped
	notice  func(missing int) []byte
	closed  bool

	wake    chan struct{} // has an element when there is something for run to do
	givenUp chan struct{} // closed when finish gives up
	ended   chan struct{} // closed when run has written the last line, or given up
}

// lines are whole lines, one after the other.
type lines struct {
	text []byte
	ends []int // of each line in text
}

// NewQueue returns a queue in front of out. [Queue.Finish] ends it.
func NewQueue(out io.Writer) *Queue {
	q := &Queue{
		out:     out,
		wake:    make(chan struct{}, 1),
		givenUp: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	q.formatNotice(func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) })
	go q.run()
	return q
}

// formatNotice sets the format of the record that says how many lines were dropped.
func (q *Queue) formatNotice(handler func(io.Writer) slog.Handler) {
	var line lines
	log := slog.New(handler(&line))
	q.mu.Lock()
	defer q.mu.Unlock()
	q.notice = func(missing int) []byte {
		line.reset()
		// Log record "log_records_dropped": an error, in the place of records that were dropped because
		// the log could not be written
		// Log key "dropped": how many records
		log.Error("log_records_dropped", "dropped", missing)
		return line.text
	}
}

// Write implements [io.Writer] for the handlers of package slog, which write each
// record with one call. It keeps a copy of the line, or drops it; it returns no error.
func (q *Queue) Write(line []byte) (int, error) {
	q.mu.Lock()
	if q.closed || q.missing > 0 || q.records >= maxRecords || q.size+len(line) > maxBytes {
		q.missing++
		q.dropped.Add(1)
	} else {
		_, _ = q.waiting.Write(line)
		q.records++
		q.size += len(line)
	}
	q.mu.Unlock()
	q.signal()
	return len(line), nil
}

// Finish writes what is left, unless that takes longer than [flushTimeout].
// What is written to q afterwards is dropped.
func (q *Queue) Finish() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
	select {
	case <-q.ended:
	case <-time.After(flushTimeout):
		close(q.givenUp)
	}
}

// Length is how many records are not yet written.
func (q *Queue) Length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.records
}

// Dropped is how many records were dropped since the start.
func (q *Queue) Dropped() uint64 { return q.dropped.Load() }

// signal wakes run.
func (q *Queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run writes lines until the queue is closed and empty, or is given up.
func (q *Queue) run() {
	defer close(q.ended)
	var batch lines
	for {
		missing, closed := q.take(&batch)
		start := 0
		for n, end := range batch.blocks() {
			if !q.write(batch.text[start:end]) {
				return
			}
			q.wrote(n, end-start)
			start = end
		}
		switch {
		case start > 0:
		case missing != nil:
			if !q.write(missing) {
				return
			}
		case closed:
			return
		default:
			<-q.wake
			time.Sleep(linger) //nolint:forbidigo // nothing waits for this goroutine
		}
	}
}

// take moves all waiting lines into batch. If there are none, but lines were
// dropped, it returns the record that says how many; from then on lines are kept
// again.
func (q *Queue) take(batch *lines) (notice []byte, closed bool) {
	batch.reset()
	q.mu.Lock()
	defer q.mu.Unlock()
	*batch, q.waiting = q.waiting, *batch
	if len(batch.ends) == 0 && q.missing > 0 {
		notice = q.notice(q.missing)
		q.missing = 0
	}
	return notice, q.closed
}

// wrote makes room again for records that were written, of size bytes in all.
func (q *Queue) wrote(records, size int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.records -= records
	q.size -= size
}

// write writes a block of lines, however long that takes and however often it
// fails. It reports false when the queue was given up first.
func (q *Queue) write(block []byte) bool {
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		n, err := q.out.Write(block)
		if err == nil {
			return true
		}
		if errors.Is(err, syscall.EPIPE) { // so that the next reader begins with a whole line
			n = bytes.LastIndexByte(block[:n], '\n') + 1
		}
		block = block[n:]
		select {
		case <-time.After(pause):
		case <-q.givenUp:
			return false
		}
	}
}

// Write implements [io.Writer]; each call is one line.
func (l *lines) Write(line []byte) (int, error) {
	l.text = append(l.text, line...)
	l.ends = append(l.ends, len(l.text))
	return len(line), nil
}

// blocks divides l into blocks, each for one call of Write: it yields how many lines
// a block has, and where it ends. A block of several lines has at most [maxBlock]
// bytes.
func (l *lines) blocks() iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		start, first := 0, 0
		for i, end := range l.ends {
			last := i == len(l.ends)-1
			if !last && l.ends[i+1]-start <= maxBlock {
				continue
			}
			if !yield(i+1-first, end) {
				return
			}
			start, first = end, i+1
		}
	}
}

// reset empties l, and keeps its memory up to [maxIdleBuffer].
func (l *lines) reset() {
	if cap(l.text) > maxIdleBuffer {
		l.text, l.ends = nil, nil
	}
	l.text, l.ends = l.text[:0], l.ends[:0]
}
