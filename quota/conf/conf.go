package conf

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Validator is a part of a file that knows what its values may be.
type Validator interface {
	// Validate returns all mistakes, as [*Mistake] errors joined; nil when there
	// is none.
	Validate() error
}

// Load reads the file at path into v, a pointer to a struct that holds the
// defaults, and validates v when it is a [Validator]. The error joins one line
// a mistake, "file:line: key: problem", in the order of the file.
func Load(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return Decode(path, data, v)
}

// Decode is [Load] for a file's content that is already in memory.
func Decode(name string, data []byte, v any) error {
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(v); err != nil {
		return decodeErrors(name, err)
	}
	validator, ok := v.(Validator)
	if !ok {
		return nil
	}
	return locate(name, data, validator.Validate())
}

// decodeErrors tells in our form what the TOML library found.
func decodeErrors(name string, err error) error {
	if strict, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		var unknown []error
		for _, e := range strict.Errors {
			row, _ := e.Position()
			unknown = append(unknown, fmt.Errorf("%s:%d: %s: unknown key", name, row, strings.Join(e.Key(), ".")))
		}
		return errors.Join(unknown...)
	}
	if bad, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, _ := bad.Position()
		problem := plain(strings.TrimPrefix(bad.Error(), "toml: "))
		if key := strings.Join(bad.Key(), "."); key != "" {
			problem = key + ": " + problem
		}
		return fmt.Errorf("%s:%d: %s", name, row, problem)
	}
	return fmt.Errorf("%s: %w", name, err)
}

var wrongType = regexp.MustCompile(`^cannot decode TOML (.+) into .*? of type (.+)$`)

// plain tells a value of the wrong type without naming our Go structs.
func plain(problem string) string {
	found := wrongType.FindStringSubmatch(problem)
	if found == nil {
		return problem
	}
	want := found[2]
	switch {
	case strings.HasPrefix(want, "[]"):
		want = "list"
	case strings.HasPrefix(want, "int"):
		want = "whole number"
	case want == "bool":
		want = "true or false"
	case strings.HasPrefix(want, "map"), strings.Contains(want, "."):
		want = "table"
	}
	return fmt.Sprintf("the value is of type %s; want %s", found[1], want)
}

// locate puts file and line before each mistake, in the order of the file.
func locate(name string, data []byte, err error) error {
	mistakes := flatten(err)
	if len(mistakes) == 0 {
		return nil
	}
	lines := keyLines(data)
	type located struct {
		line int
		err  error
	}
	told := make([]located, len(mistakes))
	for i, e := range mistakes {
		told[i] = located{0, fmt.Errorf("%s: %w", name, e)}
		if m, ok := errors.AsType[*Mistake](e); ok {
			line := lines.of(m.Key)
			told[i] = located{line, fmt.Errorf("%s:%d: %w", name, line, e)}
		}
	}
	slices.SortStableFunc(told, func(a, b located) int { return cmp.Compare(a.line, b.line) })
	sorted := make([]error, len(told))
	for i, t := range told {
		sorted[i] = t.err
	}
	return errors.Join(sorted...)
}
