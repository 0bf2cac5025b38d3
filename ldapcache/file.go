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

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// settling is for how long after a change a file is left alone: it may be half
// written, and within a clock tick of the file system it may change again and
// look the same.
const settling = 100 * time.Millisecond

// fileDirectory is a directory in a file, read again soon after the file changed.
type fileDirectory struct {
	path    string
	content atomic.Pointer[content]
	reading sync.Mutex // held by the one look-up that reads the file
}

// content is a file's last good content, and what the file was like when it was
// last looked at. It does not change.
type content struct {
	senders map[string]quota.Sender // by normalised login
	info    fs.FileInfo             // nil: there was no file
	read    time.Time
	err     error // why the file as it is now cannot be used; nil: senders is what it says
}

func openFile(config Config) (*fileDirectory, error) {
	d := &fileDirectory{path: config.File}
	if d.path == "" {
		d.path = filepath.Join(config.dir, defaultFile)
	}
	first := d.load(&content{}, time.Now())
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
	now := d.refresh(time.Now())
	sender, known := now.senders[key]
	switch {
	case known:
		sender.Stale = now.err
		return sender, nil
	case now.err != nil:
		return quota.Sender{}, now.err
	}
	return quota.Sender{}, quota.ErrAbsent
}

// Close implements [io.Closer]. The file is not kept open.
func (d *fileDirectory) Close() error { return nil }

// refresh returns the content of the file as it is at the time now. While one
// look-up reads a change, the others go on with what was known before.
func (d *fileDirectory) refresh(now time.Time) *content {
	info, err := os.Stat(d.path)
	last := d.content.Load()
	if last.describes(info, err) || isSettling(info, now) || !d.reading.TryLock() {
		return last
	}
	defer d.reading.Unlock()
	next := d.load(d.content.Load(), now)
	if isSettling(next.info, now) {
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
	return c.info != nil && os.SameFile(c.info, info) &&
		c.info.Size() == info.Size() && c.info.ModTime().Equal(info.ModTime()) &&
		!isSettling(c.info, c.read)
}

// isSettling reports whether the file, if there is one, has just changed. A time
// well in the future is some clock's mistake and not a change.
func isSettling(info fs.FileInfo, now time.Time) bool {
	return info != nil && now.Sub(info.ModTime()).Abs() < settling
}

// load reads the file at the time now. What cannot be used leaves the senders as
// they were.
func (d *fileDirectory) load(last *content, now time.Time) *content {
	info, data, err := readFile(d.path)
	next := &content{senders: last.senders, info: info, read: now}
	var doc document
	if err == nil {
		err = conf.Decode(d.path, data, &doc)
	}
	if err != nil {
		next.err = fmt.Errorf("directory file: %w", err)
		return next
	}
	next.senders = doc.senders()
	return next
}

// readFile reads a file, and then describes the very file that it read.
func readFile(path string) (info fs.FileInfo, data []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if data, err = io.ReadAll(file); err != nil {
		return nil, nil, err
	}
	info, err = file.Stat()
	return info, data, err
}
