package logfile

import (
	"io"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
)

// Progress shows on a terminal how much of the logs is read. A nil Progress shows
// nothing.
type Progress struct {
	all *mpb.Progress
	bar *mpb.Bar
}

// leastShown is the size in bytes of the logs from which on their progress is shown.
const leastShown = 8 << 20

// NewProgress begins to show on out, if that is a terminal and there is much to read, how
// much of the regular files among those is read.
func NewProgress(out io.Writer, names []string) *Progress {
	var total int64
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() { //nolint:gosec // an administrator names them
			total += info.Size()
		}
	}
	if total < leastShown || !term.IsTerminal(out) {
		return nil
	}
	return newProgress(out, total)
}

func newProgress(out io.Writer, total int64) *Progress {
	all := mpb.New(mpb.WithOutput(out), mpb.WithWidth(40))
	return &Progress{all, all.AddBar(total, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name("reading "), decor.Percentage()),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f of % .1f "), decor.AverageETA(decor.ET_STYLE_GO)))}
}

func (p *Progress) reader(r io.Reader) io.Reader {
	if p == nil {
		return r
	}
	return &watchedReader{r, p.bar}
}

// watchedReader tells a bar how much it read.
type watchedReader struct {
	io.Reader
	bar *mpb.Bar
}

// Read implements [io.Reader].
func (r *watchedReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.bar.IncrBy(n)
	return n, err
}

// Done ends what is shown, and clears its line.
func (p *Progress) Done() {
	if p == nil {
		return
	}
	p.bar.Abort(true)
	p.all.Wait()
}
