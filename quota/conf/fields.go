package conf

import (
	"cmp"
	"encoding"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// shape is what a Go type takes from a file.
type shape int

const (
	shapeAny shape = iota
	shapeString
	shapeInt
	shapeFloat
	shapeBool
	shapeText // whatever its UnmarshalText makes of a string, a number or a boolean
	shapeList
	shapeTables // a list of tables
	shapeTable
)

// shapeOf returns a type's shape; that of no type is shapeAny.
func shapeOf(t reflect.Type) shape {
	if t = bare(t); t == nil {
		return shapeAny
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) && t.Kind() != reflect.String {
		return shapeText
	}
	switch kind := t.Kind(); {
	case kind == reflect.String:
		return shapeString
	case kind >= reflect.Int && kind <= reflect.Uint64:
		return shapeInt
	case kind == reflect.Float64:
		return shapeFloat
	case kind == reflect.Bool:
		return shapeBool
	case kind == reflect.Slice && shapeOf(t.Elem()) == shapeTable:
		return shapeTables
	case kind == reflect.Slice:
		return shapeList
	case kind == reflect.Struct, kind == reflect.Map:
		return shapeTable
	}
	return shapeAny
}

// shapes tell of each shape what people call it, and which kinds of value can be right.
var shapes = [...]struct {
	wanted string
	kinds  []unstable.Kind
}{
	shapeString: {"string", []unstable.Kind{unstable.String}},
	shapeInt:    {"whole number", []unstable.Kind{unstable.Integer}},
	shapeFloat:  {"number", []unstable.Kind{unstable.Float, unstable.Integer}},
	shapeBool:   {"true or false", []unstable.Kind{unstable.Bool}},
	shapeText:   {"string", []unstable.Kind{unstable.String, unstable.Integer, unstable.Float, unstable.Bool}},
	shapeList:   {"list", []unstable.Kind{unstable.Array}},
	shapeTables: {"tables", []unstable.Kind{unstable.Array}},
	shapeTable:  {"table", []unstable.Kind{unstable.InlineTable}},
}

// fits reports whether a value of this kind can be right.
func (s shape) fits(kind unstable.Kind) bool {
	return s == shapeAny || slices.Contains(shapes[s].kinds, kind)
}

// kinds are TOML's names of the types of values.
var kinds = map[unstable.Kind]string{
	unstable.String:        "string",
	unstable.Integer:       "integer",
	unstable.Float:         "float",
	unstable.Bool:          "boolean",
	unstable.DateTime:      "datetime",
	unstable.LocalDateTime: "local datetime",
	unstable.LocalDate:     "local date",
	unstable.LocalTime:     "local time",
	unstable.Array:         "array",
	unstable.InlineTable:   "inline table",
}

// textProblem returns what the UnmarshalText of a type says of a value; empty for
// another type, and for a value that does not come to it.
func textProblem(t reflect.Type, v *unstable.Node) string {
	if s := shapeOf(t); s != shapeText || !s.fits(v.Kind) {
		return ""
	}
	err := reflect.New(bare(t)).Interface().(encoding.TextUnmarshaler).UnmarshalText(v.Data)
	if err != nil {
		return err.Error()
	}
	return ""
}

// bare is the type that a pointer points to.
func bare(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// elem is the type of what a list holds; nil if it is none.
func elem(t reflect.Type) reflect.Type {
	if t = bare(t); t != nil && t.Kind() == reflect.Slice {
		return t.Elem()
	}
	return nil
}

// keysOf returns the keys of a struct and the types of their fields, as the TOML library
// finds them: those of embedded structs too, which the struct's own hide.
func keysOf(t reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	own := map[string]reflect.Type{}
	for field := range t.Fields() {
		tag, _, _ := strings.Cut(field.Tag.Get("toml"), ",")
		switch {
		case tag == "-":
		case field.Anonymous && tag == "":
			if embedded := bare(field.Type); embedded.Kind() == reflect.Struct {
				for key, t := range keysOf(embedded) {
					keys[key] = cmp.Or(keys[key], t)
				}
			}
		case field.IsExported():
			own[cmp.Or(tag, field.Name)] = field.Type
		}
	}
	maps.Copy(keys, own)
	return keys
}

// lookUp returns the type of a key's field. The case of letters does not matter, as to
// the TOML library.
func lookUp(t reflect.Type, name string) (reflect.Type, bool) {
	keys := keysOf(t)
	if field, ok := keys[name]; ok {
		return field, true
	}
	for key, field := range keys {
		if strings.EqualFold(key, name) {
			return field, true
		}
	}
	return nil, false
}
