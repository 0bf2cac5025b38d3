package conf

import (
	"errors"
	"fmt"
	"strings"
)

// Mistake is one thing wrong under one key of a file.
type Mistake struct {
	// Key is the dotted key, with an index into an array of tables:
	// "class.entmip.recipients", "listen[1].role". Quotes are left out.
	Key string
	// Problem says what is wrong and what would be right.
	Problem string
}

// Error returns the key and the problem.
func (m *Mistake) Error() string { return m.Key + ": " + m.Problem }

// Errorf makes a [Mistake] about key.
func Errorf(key, format string, args ...any) error {
	return &Mistake{Key: key, Problem: fmt.Sprintf(format, args...)}
}

// Under puts the keys of all mistakes in err below prefix: what a table's owner
// found is told with the table's own place in the file. A nil err stays nil.
func Under(prefix string, err error) error {
	var under []error
	for _, e := range flatten(err) {
		if m, ok := errors.AsType[*Mistake](e); ok {
			e = &Mistake{Key: strings.Trim(prefix+"."+m.Key, "."), Problem: m.Problem}
		}
		under = append(under, e)
	}
	return errors.Join(under...)
}

// flatten lists the errors that errors.Join put together, at any depth.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var flat []error
	for _, e := range joined.Unwrap() {
		flat = append(flat, flatten(e)...)
	}
	return flat
}
