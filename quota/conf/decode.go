package conf

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// mostPasses bounds how many values of a wrong type are told at once: the TOML
// library stops at each.
const mostPasses = 10

// decode fills v. It returns what is wrong with the syntax, the keys and the types
// of the values, and whether v has all that the document says but for unknown
// keys.
func (d *document) decode(v any) (found []located, filled bool) {
	data := d.data
	for range mostPasses {
		err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(v)
		if unknown, ok := errors.AsType[*toml.StrictMissingError](err); ok {
			filled = len(found) == 0
			for i := range unknown.Errors {
				found = append(found, d.problem(&unknown.Errors[i], "unknown key"))
			}
			return found, filled
		}
		if err == nil {
			return found, len(found) == 0
		}
		wrong, ok := errors.AsType[*toml.DecodeError](err)
		if !ok {
			return append(found, located{err: err}), false
		}
		found = append(found, d.problem(wrong, plain(strings.TrimPrefix(wrong.Error(), "toml: "))))
		if data, ok = d.without(data, wrong); !ok {
			return found, false
		}
		v = reflect.New(reflect.TypeOf(v).Elem()).Interface() // no more than a place to go on
	}
	return found, false
}

// problem tells what is wrong at the place of e, in our form.
func (d *document) problem(e *toml.DecodeError, what string) located {
	line, column := e.Position()
	if k := d.keys().innermost(line, column); k != nil {
		what = k.name + ": " + what
	}
	return located{line, errors.New(what)}
}

// without returns data with blanks for the key that e is about; false where that
// is not a key with a value.
func (d *document) without(data []byte, e *toml.DecodeError) ([]byte, bool) {
	k := d.keys().outermost(e.Position())
	if k == nil || !k.hasValue {
		return nil, false
	}
	data = slices.Clone(data)
	for i, c := range data[k.start:k.end] {
		if c != '\n' {
			data[k.start+i] = ' '
		}
	}
	return data, true
}

var wrongType = regexp.MustCompile(`^cannot decode TOML (.+) into (?:struct field .* of type )?(.+)$`)

// plain tells a value of the wrong type without naming our Go types.
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
	case want == reflect.TypeFor[Duration]().String():
		want = "duration, as in \"5m\""
	case strings.HasPrefix(want, "map"), strings.HasPrefix(want, "struct"), strings.Contains(want, "."):
		want = "table"
	}
	return fmt.Sprintf("the value is of type %s; want %s", found[1], want)
}
