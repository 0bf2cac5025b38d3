package logging

import (
	"context"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
)

// Log is the log of a running program: its configuration can be replaced. Records are
// written through a [Queue], so that nobody waits for them.
type Log struct {
	*slog.Logger
	queue   *Queue
	handler *switching
}

// New returns a log that is written to queue by the configuration of an empty file, until
// another is used. It becomes the program's default.
func New(queue *Queue) *Log {
	var handler slog.Handler = slog.NewTextHandler(queue, nil)
	l := &Log{queue: queue, handler: &switching{}}
	l.handler.now.Store(&handler)
	l.Logger = slog.New(l.handler)
	makeDefault(l.Logger)
	return l
}

// Prepared is a configuration of the log, and its file, that is not used yet.
type Prepared struct {
	log    *Log
	format func(io.Writer) slog.Handler
	file   *os.File // nil: standard error
}

// Prepare opens what a valid configuration says, each line with the name of the relay if
// it has one. The file is opened anew even if the log is written to it already, since it
// may have been moved away. The caller calls Use or Discard.
func (l *Log) Prepare(c *Config, relay string) (*Prepared, error) {
	p := &Prepared{log: l}
	var err error
	if p.format, err = c.handler(c.File == "" && StderrIsTerminal(), relay); err != nil {
		return nil, err
	}
	if c.File != "" {
		p.file, err = openFile(c.File)
	}
	return p, err
}

// Use has the log written so from now on. Records that wait are written to the new file.
func (p *Prepared) Use() {
	handler := p.format(p.log.queue)
	p.log.queue.formatNotice(p.format)
	p.log.queue.out.use(p.file)
	p.log.handler.now.Store(&handler)
}

// Discard closes what was opened.
func (p *Prepared) Discard() {
	if p.file != nil {
		_ = p.file.Close() // nothing was written to it
	}
}

// switching passes records on to the handler that there is now. What is derived from it
// stays with that one.
type switching struct{ now atomic.Pointer[slog.Handler] }

// Enabled implements [slog.Handler].
func (s *switching) Enabled(ctx context.Context, level slog.Level) bool {
	return (*s.now.Load()).Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (s *switching) Handle(ctx context.Context, record slog.Record) error {
	return (*s.now.Load()).Handle(ctx, record)
}

// WithAttrs implements [slog.Handler].
func (s *switching) WithAttrs(attrs []slog.Attr) slog.Handler {
	return (*s.now.Load()).WithAttrs(attrs)
}

// WithGroup implements [slog.Handler].
func (s *switching) WithGroup(name string) slog.Handler { return (*s.now.Load()).WithGroup(name) }
