package logfile

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Stdin is the name of standard input.
const Stdin = "-"

// MaxLine is the length in bytes up to which a line is kept. The rest of a longer one is
// skipped.
const MaxLine = 1 << 20

// bufferSize is how much is read at once.
const bufferSize = 64 << 10

// File is a log that is open for reading.
type File struct {
	// Name is its path, or Stdin.
	Name string
	// Written is when it was last written: now, for a pipe. A compressed file keeps the
	// time of the log in it.
	Written time.Time
	// Again reports whether it can be opened again from the start, as a regular file can.
	Again bool
	// Line is the number of the last line that Next returned, from 1 on.
	Line int

	file  *os.File // nil for standard input
	lines *bufio.Reader
	long  []byte // a line that is longer than the buffer
}

// Open opens a log by its name; stdin is what Stdin names. With a progress, what is read
// of a regular file is shown there. The error names the file.
func Open(name string, stdin io.Reader, progress *Progress) (*File, error) {
	f := &File{Name: name, Written: time.Now()}
	if name == Stdin {
		return f, f.decompress(stdin)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	f.file = file
	if err := f.decompress(f.watched(progress)); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// watched is the file, read under the eyes of a progress if it is a regular one.
func (f *File) watched(progress *Progress) io.Reader {
	info, err := f.file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return f.file
	}
	f.Again, f.Written = true, info.ModTime()
	return progress.reader(f.file)
}

// The first bytes of compressed files, as file(1) knows them.
var (
	gzipMagic  = []byte("\x1f\x8b")
	bzip2Magic = []byte("BZh")
	others     = map[string][]byte{"xz": []byte("\xfd7zXZ\x00"), "zstd": []byte("\x28\xb5\x2f\xfd"), "lz4": []byte("\x04\x22\x4d\x18")}
)

// decompress begins to read r, whatever compressed it.
func (f *File) decompress(r io.Reader) error {
	raw := bufio.NewReaderSize(r, bufferSize)
	head, err := raw.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := gzip.NewReader(raw)
		if err != nil {
			return err
		}
		if !f.Again && !z.ModTime.IsZero() {
			f.Written = z.ModTime
		}
		f.lines = bufio.NewReaderSize(z, bufferSize)
		return nil
	case bytes.HasPrefix(head, bzip2Magic):
		f.lines = bufio.NewReaderSize(bzip2.NewReader(raw), bufferSize)
		return nil
	}
	for tool, magic := range others {
		if bytes.HasPrefix(head, magic) {
			return fmt.Errorf("it is compressed by %s; write \"%s -dc FILE |\" before the command, and \"-\" instead of the file", tool, tool)
		}
	}
	f.lines = raw
	return nil
}

// Next returns the next line without its end, valid until the next call. The error is
// io.EOF at the end, and otherwise names the file.
func (f *File) Next() ([]byte, error) {
	line, err := f.lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		line, err = f.nextLong(line)
	}
	if len(line) > 0 { // a last line may have no end
		f.Line++
		return bytes.TrimRight(line, "\r\n"), nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%s: after line %d: %w", f.Name, f.Line, err)
	}
	return nil, err
}

// nextLong reads on in a line that begins with what fills the buffer.
func (f *File) nextLong(line []byte) ([]byte, error) {
	f.long = f.long[:0]
	for {
		f.long = append(f.long, line[:min(len(line), MaxLine-len(f.long))]...)
		var err error
		if line, err = f.lines.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			f.long = append(f.long, line[:min(len(line), MaxLine-len(f.long))]...)
			return f.long, err
		}
	}
}

// Close closes the file. Standard input stays open.
func (f *File) Close() {
	if f.file != nil {
		_ = f.file.Close() // nothing was written
	}
}
