package maillog

import (
	"container/heap"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/logfile"
)

// Reader merges logs.
type Reader struct {
	stdin    io.Reader
	progress *logfile.Progress
	location *time.Location
	sources  sources
	current  *source // whose event was returned last
	Told
}

// Told is what there is to tell about what was read.
type Told struct {
	// Trouble is what could not be read.
	Trouble logfile.Trouble
	// Lines is how many lines were read.
	Lines int
	// Inferred reports whether the log does not say the year of some of its lines.
	Inferred bool
}

// source is a log that is being merged.
type source struct {
	name  string
	file  *logfile.File // nil until its turn comes
	clock *Clock
	event Event
	// same is how many events came at the time of event before it: logs that hold the same
	// lines are read in step.
	same int
}

// Open begins to merge logs; stdin is what "-" names. A traditional stamp is read as a time
// in that location. Only logs that cover the same time are open at once. The error is that
// no log can be opened; otherwise errors are in Trouble.
func Open(names []string, stdin io.Reader, progress *logfile.Progress, location *time.Location) (*Reader, error) {
	r := &Reader{stdin: stdin, progress: progress, location: location}
	var errs []error
	names = distinct(names)
	for _, name := range names {
		s := &source{name: name}
		if err := r.begin(s); err != nil {
			errs = append(errs, err)
			r.Trouble.Broken(err)
		}
	}
	if len(errs) == len(names) {
		return nil, errors.Join(errs...)
	}
	heap.Init(&r.sources)
	return r, nil
}

// distinct leaves out names of files that are named before.
func distinct(names []string) []string {
	var infos []os.FileInfo
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return false
		}
		again := slices.ContainsFunc(infos, func(other os.FileInfo) bool { return os.SameFile(info, other) })
		infos = append(infos, info)
		return again
	})
}

// begin finds out when a log begins, and queues it up. A regular file is closed again until
// its turn comes, and what is told of its first lines is told then.
func (r *Reader) begin(s *source) error {
	if err := r.open(s, nil); err != nil {
		return err
	}
	var told Told
	switch again, more := s.file.Again, s.next(&told); {
	case !more || !again:
		r.Trouble.Add(&told.Trouble)
		r.Lines += told.Lines
		r.Inferred = r.Inferred || told.Inferred
		if !more {
			return nil
		}
	default:
		s.file.Close()
		s.file = nil
	}
	r.sources = append(r.sources, s)
	return nil
}

func (r *Reader) open(s *source, progress *logfile.Progress) error {
	file, err := logfile.Open(s.name, r.stdin, progress)
	if err != nil {
		return err
	}
	s.file, s.clock, s.event, s.same = file, NewClock(file.Written, r.location), Event{}, 0
	return nil
}

// Next returns the next event, valid until the next call; nil at the end.
func (r *Reader) Next() *Event {
	if r.current != nil {
		if !r.current.next(&r.Told) {
			heap.Pop(&r.sources)
		} else if len(r.sources) > 1 {
			heap.Fix(&r.sources, 0)
		}
		r.current = nil
	}
	for len(r.sources) > 0 {
		s := r.sources[0]
		if s.file != nil {
			r.current = s
			return &s.event
		}
		if err := r.open(s, r.progress); err != nil {
			r.Trouble.Broken(err)
			heap.Pop(&r.sources)
		} else if !s.next(&r.Told) {
			heap.Pop(&r.sources)
		} else {
			heap.Fix(&r.sources, 0)
		}
	}
	return nil
}

// next reads up to the next event. At its end, it closes the file and returns false.
func (s *source) next(told *Told) bool {
	before, same := s.event.Time, s.same
	for {
		line, err := s.file.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				told.Trouble.Broken(err)
			}
			s.file.Close()
			told.Inferred = told.Inferred || s.clock.Inferred
			return false
		}
		told.Lines++
		if len(line) == 0 {
			continue
		}
		if err := s.clock.parse(line, &s.event); err != nil {
			told.Trouble.Bad(s.file, err)
			continue
		}
		if s.event.Kind == Other {
			continue
		}
		if s.same = 0; s.event.Time.Equal(before) {
			s.same = same + 1
		}
		return true
	}
}

// sources is a heap, the earliest event first.
type sources []*source

// Len implements [sort.Interface].
func (s sources) Len() int { return len(s) }

// Less implements [sort.Interface].
func (s sources) Less(i, j int) bool {
	if a, b := &s[i].event.Time, &s[j].event.Time; !a.Equal(*b) {
		return a.Before(*b)
	}
	return s[i].same < s[j].same
}

// Swap implements [sort.Interface].
func (s sources) Swap(i, j int) { s[i], s[j] = s[j], s[i] }

// Push implements [heap.Interface].
func (s *sources) Push(x any) { *s = append(*s, x.(*source)) }

// Pop implements [heap.Interface].
func (s *sources) Pop() any {
	old := *s
	last := old[len(old)-1]
	*s = old[:len(old)-1]
	return last
}
