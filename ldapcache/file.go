package ldapcache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// settling is for how long after a change a file is left alone: it may be half
// written, which TOML cannot tell, and within a clock tick of the file system it
// may change again and look the same.
const settling = time.Second

// maxAhead is how far the file system's clock may be ahead of ours. A change later
// than that is a mistake of some clock, and waited for no longer.
const maxAhead = time.Minute

// fileDirectory is a directory in a file, read again soon after the file changed.
type fileDirectory struct {
	path    string
	content atomic.Pointer[content]
	reading sync.Mutex // held by the one look-up that reads the file
}

// content is a file's last good content, and what the file was like when it was
// last looked at. It does not change.
type content struct {
	senders    map[string]quota.Sender // by normalised login
	lists      map[string]*quota.List  // by the key of their address
	designated []roster.Designation
	info       fs.FileInfo // nil: there was no file
	unsettled  bool        // the file may have changed since, and look the same
	err        error       // why the file as it is now cannot be used; nil: the rest is what it says
}

func openFile(config Config) (*fileDirectory, error) {
	d := &fileDirectory{path: config.File}
	if d.path == "" {
		d.path = filepath.Join(config.dir, defaultFile)
	}
	first := d.load(&content{})
	if first.err != nil {
		if config.File != "" || !errors.Is(first.err, fs.ErrNotExist) {
			return nil, first.err
		}
		first = &content{} // the default file may be missing: nobody is known
	}
	d.content.Store(first)
	return d, nil
}

// Sender implements [quota.Directory].
func (d *fileDirectory) Sender(_ context.Context, login string) (quota.Sender, error) {
	key, ok := normalise(login)
	if !ok {
		return quota.Sender{}, quota.ErrAbsent
	}
	current := d.refresh()
	sender, known := current.senders[key]
	switch {
	case known:
		sender.Stale = current.err
		return sender, nil
	case current.err != nil:
		return quota.Sender{}, current.err
	}
	return quota.Sender{}, quota.ErrAbsent
}

// Designations implements [roster.Source].
func (d *fileDirectory) Designations(context.Context) (all []roster.Designation, unresolved []string, err error) {
	current := d.refresh()
	return current.designated, nil, current.err
}

// Lists implements [quota.Directory].
func (d *fileDirectory) Lists(_ context.Context, addresses []string) []quota.ListAnswer {
	current := d.refresh()
	answers := make([]quota.ListAnswer, len(addresses))
	for i, address := range addresses {
		list := current.lists[address]
		switch {
		case list != nil && current.err != nil:
			stale := *list
			stale.Stale = current.err
			answers[i].List = &stale
		case list != nil:
			answers[i].List = list
		default:
			answers[i].Err = current.err
		}
	}
	return answers
}

// Close implements [io.Closer]. The file is not kept open.
func (d *fileDirectory) Close() error { return nil }

// refresh returns the content of the file as it is now. While a change settles,
// and while one look-up reads it, the others go on with what was known before.
func (d *fileDirectory) refresh() *content {
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
	return -maxAhead < age && age < settling
}

// load reads the file. What cannot be used leaves the content as it was.
func (d *fileDirectory) load(last *content) *content {
	before, info, data, err := readFile(d.path)
	next := &content{senders: last.senders, lists: last.lists, designated: last.designated, info: info}
	next.unsettled = info != nil && (!unchanged(before, info) || isSettling(info, time.Now()))
	var doc document
	if err == nil {
		err = conf.Decode(d.path, data, &doc)
	}
	if err != nil {
		next.err = fmt.Errorf("directory file: %w", err)
		return next
	}
	next.senders, next.designated = doc.senders(), doc.designations()
	next.lists = doc.lists(next.senders)
	return next
}

// readFile reads a file, and describes the very file that it read, before and
// after.
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
