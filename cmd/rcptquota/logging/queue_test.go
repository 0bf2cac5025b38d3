package logging

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// device is a writer that hangs or fails as the test says.
type device struct {
	mu    sync.Mutex
	text  strings.Builder
	tries int
	err   error
	part  int           // how much of a line is written before err
	hangs chan struct{} // until closed; nil: it does not
}

func (d *device) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries++
	if d.hangs != nil {
		<-d.hangs
	}
	if d.err != nil {
		d.text.Write(line[:d.part])
		return d.part, d.err
	}
	return d.text.Write(line)
}

func (d *device) fail(err error, part int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err, d.part = err, part
}

// A queue whose writer hangs keeps what it may, and the end of the program waits
// a second for it.
func TestLogQueueOfAWriterThatHangs(t *testing.T) {
	for name, of := range map[string]struct {
		line string
		most int
	}{
		"records": {"short\n", maxRecords},
		"bytes":   {strings.Repeat("x", 64<<10-1) + "\n", maxBytes / (64 << 10)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &device{hangs: make(chan struct{})}
				q := NewQueue(d)
				for i := range of.most + 3 {
					if n, err := io.WriteString(q, of.line); n != len(of.line) || err != nil {
						t.Fatal(i, n, err)
					}
				}
				synctest.Wait()
				if q.Length() != of.most || q.dropped.Load() != 3 {
					t.Errorf("%d records wait, %d were dropped", q.Length(), q.dropped.Load())
				}
				before := time.Now()
				q.Finish()
				if took := time.Since(before); took != flushTimeout {
					t.Errorf("the end takes %v", took)
				}
				close(d.hangs)
			})
		})
	}
}

// While the full queue empties, lines are dropped, so that what is missing is
// missing in one place, and told there.
func TestLogQueueTellsOnceWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{hangs: make(chan struct{})}
		q := NewQueue(d)
		c := Config{Level: "error", Format: "json"}
		log := New(q)
		prepared, err := log.Prepare(&c, "relay1")
		if err != nil {
			t.Fatal(err)
		}
		prepared.Use()
		for range maxRecords + 5 {
			log.Error("kept")
		}
		close(d.hangs)
		time.Sleep(time.Second) //nolint:forbidigo // under synctest's clock
		log.Error("after")
		q.Finish()
		lines := strings.SplitAfter(d.text.String(), "\n")
		if len(lines) != maxRecords+3 || !strings.Contains(lines[maxRecords-1], `"msg":"kept","relay":"relay1"}`) {
			t.Errorf("%d lines", len(lines))
		}
		if told := lines[maxRecords]; !strings.Contains(told, `"level":"ERROR","msg":"log_records_dropped","relay":"relay1","dropped":5}`) {
			t.Error(told)
		}
		if after := lines[maxRecords+1]; !strings.Contains(after, `"msg":"after"`) {
			t.Error(after)
		}
	})
}

// A write that fails is tried again, ever more rarely, until it succeeds.
func TestLogQueueOfAWriterThatFails(t *testing.T) {
	for _, of := range []struct {
		err  error
		want string
	}{
		{syscall.ENOSPC, "one\ntwo\n"},
		{syscall.EAGAIN, "one\ntwo\n"},
		{&os.PathError{Op: "write", Path: "standard error", Err: syscall.EPIPE}, "onone\ntwo\n"}, // "on" had another reader
	} {
		t.Run(of.err.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &device{err: of.err, part: 2}
				q := NewQueue(d)
				_, _ = io.WriteString(q, "one\n")
				_, _ = io.WriteString(q, "two\n")
				time.Sleep(linger) //nolint:forbidigo // under synctest's clock
				synctest.Wait()
				d.fail(of.err, 0)
				time.Sleep(time.Minute) //nolint:forbidigo // under synctest's clock
				synctest.Wait()
				if d.tries < 60 || d.tries > 70 {
					t.Errorf("it was tried %d times in a minute", d.tries)
				}
				d.fail(nil, 0)
				time.Sleep(maxPause) //nolint:forbidigo // under synctest's clock
				synctest.Wait()
				if got := d.text.String(); got != of.want {
					t.Errorf("%q, want %q", got, of.want)
				}
				q.Finish()
				if _, _ = io.WriteString(q, "late\n"); q.dropped.Load() != 1 {
					t.Error("a line after the end is not counted")
				}
			})
		})
	}
}

// A writer that always fails, as /dev/full does, holds up the end no longer than
// one that hangs.
func TestLogQueueEndsWithAWriterThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(&device{err: errors.New("full")})
		_, _ = io.WriteString(q, "one\n")
		before := time.Now()
		q.Finish()
		if took := time.Since(before); took > flushTimeout {
			t.Errorf("it takes %v", took)
		}
	})
}

// What libraries write to the program's default log goes through the queue, too.
func TestLogOfLibraries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{}
		q := NewQueue(d)
		c := Default()
		prepared, err := New(q).Prepare(&c, "")
		if err != nil {
			t.Fatal(err)
		}
		prepared.Use()
		slog.NewLogLogger(slog.Default().Handler(), slog.LevelInfo).Print("by default")
		q.Finish()
		if got := d.text.String(); !strings.Contains(got, `level=INFO msg="by default"`) {
			t.Errorf("logged: %s", got)
		}
	})
}

// Lines are written together, in blocks that a pipe takes whole.
func TestLogQueueWritesBlocks(t *testing.T) {
	line := func(n int) string { return strings.Repeat("x", n-1) + "\n" }
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		q := NewQueue(writerFunc(func(block []byte) (int, error) {
			sizes = append(sizes, len(block))
			return len(block), nil
		}))
		synctest.Wait() // it waits for the first line, and then for others
		for _, n := range []int{100, 3996, 1, 5000, 4096, 2000, 2000, 2000} {
			_, _ = io.WriteString(q, line(n))
		}
		q.Finish()
		if want := []int{4096, 1, 5000, 4096, 4000, 2000}; !slices.Equal(sizes, want) {
			t.Errorf("blocks of %d bytes, want %d", sizes, want)
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// BenchmarkLog compares what a record costs its message with the queue and
// without, and how much all of it costs.
func BenchmarkLog(b *testing.B) {
	reader, writer, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	queue := NewQueue(writer)
	for name, w := range map[string]io.Writer{"direct": writer, "queue": queue} {
		log := slog.New(slog.NewTextHandler(w, nil))
		for _, parallel := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/parallel=%d", name, parallel), func(b *testing.B) {
				b.ReportAllocs()
				b.SetParallelism(parallel)
				dropped := queue.dropped.Load()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						log.Info("accepted", "queue_id", "4FxyABCD", "sender", "mdurand", "class", "ecollege31", "recipients", 151,
							"limit", 500, "client", "192.0.2.1", "role", "submission", "elapsed_ms", 0.06)
					}
				})
				b.ReportMetric(float64(queue.dropped.Load()-dropped)/float64(b.N), "dropped/op")
			})
		}
	}
	queue.Finish()
	_ = writer.Close()
}
