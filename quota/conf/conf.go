package conf

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Resolver is a part of a file that names other files.
type Resolver interface {
	// Resolve makes their relative paths relative to dir, the file's folder.
	Resolve(dir string)
}

// Validator is a part of a file that knows what its values may be.
type Validator interface {
	// Validate returns all mistakes, as [*Mistake] errors joined; nil when there
	// is none.
	Validate() error
}

// Load reads the file at path into v, a pointer to a struct that holds the
// defaults; resolves v when it is a [Resolver], and then validates it when it is
// a [Validator]. The error joins one line a mistake, "file:line: key: problem",
// in the order of the file.
func Load(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return Decode(path, data, v)
}

// Decode is [Load] for the content, already in memory, of the file at path.
func Decode(path string, data []byte, v any) error {
	d := read(data, reflect.TypeOf(v).Elem())
	found := d.wrong
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(v)
	if _, unknown := errors.AsType[*toml.StrictMissingError](err); unknown && len(found) > 0 {
		err = nil // they are among what was found
	}
	found = append(found, d.others(err)...)
	if err == nil { // v has all that it knows
		if r, ok := v.(Resolver); ok {
			r.Resolve(filepath.Dir(path))
		}
		if r, ok := v.(Validator); ok {
			found = append(found, d.locate(r.Validate())...)
		}
	}
	return tell(path, found)
}

// Locate tells the mistakes that err joins, of the file at path that was loaded,
// as [Load] tells its own. It is for what shows only in use. A nil err stays nil.
func Locate(path string, err error) error {
	if err == nil {
		return nil
	}
	data, unreadable := os.ReadFile(path)
	if unreadable != nil {
		return errors.Join(err, unreadable)
	}
	return tell(path, read(data, nil).locate(err))
}

// tell joins what was found, in the order of the file.
func tell(path string, found []located) error {
	slices.SortStableFunc(found, func(a, b located) int { return cmp.Compare(a.line, b.line) })
	told := make([]error, len(found))
	for i, f := range found {
		told[i] = f.in(path)
	}
	return errors.Join(told...)
}

// located is an error about a line; 0: about the whole file.
type located struct {
	line int
	err  error
}

func (l located) in(path string) error {
	if l.line == 0 {
		return fmt.Errorf("%s: %w", path, l.err)
	}
	return fmt.Errorf("%s:%d: %w", path, l.line, l.err)
}

// locate finds the lines of the mistakes that were joined.
func (d *document) locate(joined error) []located {
	var found []located
	for _, e := range flatten(joined) {
		l := located{err: e}
		if m, ok := errors.AsType[*Mistake](e); ok {
			l.line = d.line(m.Key)
		}
		found = append(found, l)
	}
	return found
}

// others tells what only the TOML library found: which keys a document may define once
// only. It stops at the first value that does not fit, which is known already.
func (d *document) others(err error) []located {
	if d.stops || err == nil {
		return nil
	}
	at, ok := errors.AsType[*toml.DecodeError](err)
	if !ok {
		return []located{{err: err}}
	}
	line, _ := at.Position()
	problem := strings.TrimPrefix(at.Error(), "toml: ")
	if key, ok := d.keys[line]; ok {
		problem = key + ": " + problem
	}
	return []located{{line, errors.New(problem)}}
}
