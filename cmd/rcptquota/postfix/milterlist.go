package postfix

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// separators stand between the entries of a list in main.cf, and between the parts of
// a milter in braces.
const separators = ", \t\r\n"

// Milter is one entry of smtpd_milters: an address, or an address with settings of its
// own in braces.
type Milter struct {
	Address string // "unix:path" or "inet:host:port"
	Options []Option
}

// Option is a setting of one milter, such as default_action=tempfail.
type Option struct{ Name, Value string }

// ParseMilters reads the expanded value of smtpd_milters.
func ParseMilters(value string) ([]Milter, error) {
	entries, err := Split(value)
	if err != nil {
		return nil, err
	}
	milters := make([]Milter, 0, len(entries))
	for _, entry := range entries {
		m, err := ParseMilter(entry)
		if err != nil {
			return nil, err
		}
		milters = append(milters, m)
	}
	return milters, nil
}

// ParseMilter reads one entry of it.
func ParseMilter(entry string) (m Milter, err error) {
	inside, braced := unbrace(entry)
	if !braced {
		return Milter{Address: entry}, nil
	}
	parts, err := Split(inside)
	if err != nil {
		return m, err
	}
	if len(parts) == 0 {
		return m, errors.New("a milter in braces has no address")
	}
	m.Address = parts[0]
	for _, part := range parts[1:] {
		if setting, braced := unbrace(part); braced {
			part = setting
		}
		name, value, found := strings.Cut(part, "=")
		if !found {
			return m, fmt.Errorf("%q of the milter %s is no name=value", part, m.Address)
		}
		m.Options = append(m.Options, Option{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return m, nil
}

// Split cuts a list at its separators; what is in braces is one entry, with them.
func Split(value string) (entries []string, err error) {
	for {
		value = strings.TrimLeft(value, separators)
		if value == "" {
			return entries, nil
		}
		end, depth := 0, 0
		for ; end < len(value) && (depth > 0 || !strings.ContainsRune(separators, rune(value[end]))); end++ {
			switch value[end] {
			case '{':
				depth++
			case '}':
				depth--
			}
			if depth < 0 {
				break
			}
		}
		if depth != 0 {
			return nil, fmt.Errorf("the braces of %q do not match", value[:end])
		}
		entries = append(entries, value[:end])
		value = value[end:]
	}
}

// unbrace returns what is in the braces around text.
func unbrace(text string) (inside string, braced bool) {
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return text, false
	}
	return strings.TrimSpace(text[1 : len(text)-1]), true
}

// Option returns a setting of the milter's own.
func (m *Milter) Option(name string) (value string, set bool) {
	for _, o := range m.Options {
		if o.Name == name {
			value, set = o.Value, true // Postfix takes the last one
		}
	}
	return value, set
}

// With returns the milter with one setting changed.
func (m Milter) With(name, value string) Milter {
	m.Options = slices.DeleteFunc(slices.Clone(m.Options), func(o Option) bool { return o.Name == name })
	m.Options = append(m.Options, Option{name, value})
	return m
}

// String writes the milter without white space, which "postconf -P" would not take.
func (m Milter) String() string {
	if len(m.Options) == 0 {
		return m.Address
	}
	parts := []string{m.Address}
	for _, o := range m.Options {
		parts = append(parts, o.Name+"="+o.Value)
	}
	return "{" + strings.Join(parts, ",") + "}"
}
