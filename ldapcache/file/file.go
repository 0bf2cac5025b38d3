package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/ldapcache/spelling"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/list"
)

// settling is for how long after a change a file is not read: it may be half written,
// which TOML cannot tell, and within a clock tick of the file system it may change
// again without a new time.
const settling = time.Second

// maxClockError is how far the file system's clock may be ahead of ours. A change
// later than that is due to a wrong clock, and is not waited for.
const maxClockError = time.Minute

// Directory is a directory in a file. It is used by many goroutines at once.
type Directory struct {
	path     string
	staleFor time.Duration
	content  atomic.Pointer[content]
	reading  sync.Mutex // held by the one look-up that reads the file
}

// content is a file's last good content, and what the file was like when it was
// last looked at. It does not change.
type content struct {
	senders    map[string]quota.Sender // by login, as spelling.Login writes it
	lists      map[string]*list.List   // by the key of their address
	designated []roster.Designation
	info       fs.FileInfo // nil: there was no file
	unsettled  bool        // the file may have changed since without a new time
	err        error       // why the file as it is now cannot be used; nil: it says the above
	errSince   time.Time   // when that was first found out
}

// Open reads the file at path. While the file has mistakes later, its last good
// content is served, stale, for as long as staleFor.
func Open(path string, staleFor time.Duration) (*Directory, error) {
	d := &Directory{path: path, staleFor: staleFor}
	first := d.load(&content{})
	if first.err != nil {
		return nil, first.err
	}
	d.content.Store(first)
	return d, nil
}

// OpenIfExists is [Open] for a file that need not exist: until it does, the directory
// is empty.
func OpenIfExists(path string, staleFor time.Duration) (*Directory, error) {
	d, err := Open(path, staleFor)
	if errors.Is(err, fs.ErrNotExist) {
		d, err = &Directory{path: path, staleFor: staleFor}, nil
		d.content.Store(&content{})
	}
	return d, err
}

// Sender implements [quota.Directory].
func (d *Directory) Sender(_ context.Context, login string) (quota.Sender, error) {
	key, ok := spelling.Login(login)
	if !ok {
		return quota.Sender{}, quota.ErrAbsent
	}
	current := d.refresh()
	sender, found := current.senders[key]
	switch {
	case current.err != nil && (!found || time.Since(current.errSince) > d.staleFor):
		return quota.Sender{}, current.err
	case !found:
		return quota.Sender{}, quota.ErrAbsent
	}
	sender.Stale = current.err
	return sender, nil
}

// Designations implements [roster.Source].
func (d *Directory) Designations(context.Context) (all []roster.Designation, unresolved []string, err error) {
	current := d.refresh()
	return current.designated, nil, current.err
}

// Lists implements [quota.Directory].
func (d *Directory) Lists(_ context.Context, addresses []string) []list.Answer {
	current := d.refresh()
	answers := make([]list.Answer, len(addresses))
	for i, address := range addresses {
		if answers[i].Err = current.err; current.err == nil {
			answers[i].List = current.lists[address]
		}
	}
	return answers
}

// Fault is why the file as it is now cannot be used; nil: it can.
func (d *Directory) Fault() error { return d.refresh().err }

// UpToDate reports whether the file is as it was when it was last read, and good.
func (d *Directory) UpToDate() bool {
	last := d.content.Load()
	return last.err == nil && last.describes(os.Stat(d.path))
}

// Close implements [io.Closer]. The file is not kept open.
func (d *Directory) Close() error { return nil }

// refresh returns the content of the file as it is now. Until a change has settled, and
// while another look-up reads the file, it returns the content before.
func (d *Directory) refresh() *content {
	info, err := os.Stat(d.path)
	last := d.content.Load()
	if last.describes(info, err) || isSettling(info, time.Now()) || !d.reading.TryLock() {
		return last
	}
	defer d.reading.Unlock()
	next := d.load(d.content.Load())
	if next.unsettled {
		return last
	}
	d.content.Store(next)
	return next
}

// describes reports whether c was read from the file that os.Stat just found.
func (c *content) describes(info fs.FileInfo, err error) bool {
	if err != nil {
		return c.info == nil && errors.Is(err, fs.ErrNotExist)
	}
	return c.info != nil && !c.unsettled && unchanged(c.info, info)
}

func unchanged(before, after fs.FileInfo) bool {
	return os.SameFile(before, after) && before.Size() == after.Size() && before.ModTime().Equal(after.ModTime())
}

// isSettling reports whether the file, if there is one, has just changed.
func isSettling(info fs.FileInfo, now time.Time) bool {
	if info == nil {
		return false
	}
	age := now.Sub(info.ModTime())
	return -maxClockError < age && age < settling
}

// load reads the file. If it cannot be used, the content stays as it was.
func (d *Directory) load(last *content) *content {
	before, info, data, err := readFile(d.path)
	next := &content{senders: last.senders, lists: last.lists, designated: last.designated, info: info, errSince: last.errSince}
	next.unsettled = info != nil && (!unchanged(before, info) || isSettling(info, time.Now()))
	var doc document
	if err == nil {
		err = conf.Decode(d.path, data, &doc)
	}
	if err != nil {
		next.err = fmt.Errorf("directory file: %w", err)
		if last.err == nil {
			next.errSince = time.Now()
		}
		return next
	}
	next.senders, next.designated = doc.senders(), doc.designations()
	next.lists = doc.lists(next.senders)
	return next
}

// readFile reads a file, and describes it as it was before and after.
func readFile(path string) (before, after fs.FileInfo, data []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if before, err = file.Stat(); err != nil {
		return nil, nil, nil, err
	}
	if data, err = io.ReadAll(file); err != nil {
		return nil, nil, nil, err
	}
	after, err = file.Stat()
	return before, after, data, err
}
