package logging

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
)

// fileMode is the mode of a log file that we make: who sent what is nobody else's business.
const fileMode = 0o640

// validateFile finds what keeps a log file from being opened by whoever may.
func validateFile(path string) error {
	if path == "" {
		return nil
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("%w; name a file in a folder that there is", err)
	}
	if !folder.IsDir() {
		return fmt.Errorf("%s is no folder", filepath.Dir(path))
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeCharDevice == 0 {
		return fmt.Errorf("%s is there, and is no file", path) // a pipe would keep us waiting for its reader
	}
	return nil
}

// openFile opens a log file for what is appended to it.
func openFile(path string) (*os.File, error) {
	if err := validateFile(path); err != nil {
		return nil, fmt.Errorf("log.file: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("log.file: %w", err)
	}
	return file, nil
}

// output is where a queue writes: standard error, or a file, which may be replaced at any
// moment. Only the goroutine of the queue writes.
type output struct {
	stderr io.Writer
	file   atomic.Pointer[os.File] // nil: standard error
	failed bool                    // the last write to a file, and that was told
}

// Write implements [io.Writer]. That a file cannot be written, and that it can again, is
// told on standard error, once.
func (o *output) Write(block []byte) (int, error) {
	file := o.file.Load()
	if file == nil {
		return o.stderr.Write(block)
	}
	n, err := file.Write(block)
	switch {
	case errors.Is(err, fs.ErrClosed): // it has just been replaced
	case err != nil && !o.failed:
		o.failed = true
		fmt.Fprintf(o.stderr, "rcptquota: the log cannot be written: %v; mail goes on, and records wait until there is no more room for them\n", err)
	case err == nil && o.failed:
		o.failed = false
		fmt.Fprintf(o.stderr, "rcptquota: the log %s can be written again\n", file.Name())
	}
	return n, err
}

// use replaces the file; nil: by standard error.
func (o *output) use(file *os.File) {
	if before := o.file.Swap(file); before != nil {
		_ = before.Close() // what could not be written was told
	}
}
