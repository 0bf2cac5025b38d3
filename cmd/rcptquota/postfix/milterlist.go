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

// milter is one entry of smtpd_milters: an address, or an address with settings of its
// own in braces.
type milter struct {
	address string // "unix:path" or "inet:host:port"
	options []option
}

// option is a setting of one milter, such as default_action=tempfail.
type option struct{ name, value string }

// parseMilters reads the expanded value of smtpd_milters.
func parseMilters(value string) ([]milter, error) {
	entries, err := split(value)
	if err != nil {
		return nil, err
	}
	milters := make([]milter, 0, len(entries))
	for _, entry := range entries {
		m, err := parseMilter(entry)
		if err != nil {
			return nil, err
		}
		milters = append(milters, m)
	}
	return milters, nil
}

func parseMilter(entry string) (m milter, err error) {
	inside, braced := unbrace(entry)
	if !braced {
		return milter{address: entry}, nil
	}
	parts, err := split(inside)
	if err != nil {
		return m, err
	}
	if len(parts) == 0 {
		return m, errors.New("a milter in braces has no address")
	}
	m.address = parts[0]
	for _, part := range parts[1:] {
		if setting, braced := unbrace(part); braced {
			part = setting
		}
		name, value, found := strings.Cut(part, "=")
		if !found {
			return m, fmt.Errorf("%q of the milter %s is no name=value", part, m.address)
		}
		m.options = append(m.options, option{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return m, nil
}

// split cuts a list at its separators; what is in braces is one entry, with them.
func split(value string) (entries []string, err error) {
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

// option returns a setting of the milter's own.
func (m *milter) option(name string) (value string, set bool) {
	for _, o := range m.options {
		if o.name == name {
			value, set = o.value, true // Postfix takes the last one
		}
	}
	return value, set
}

// with returns the milter with one setting changed.
func (m milter) with(name, value string) milter {
	m.options = slices.DeleteFunc(slices.Clone(m.options), func(o option) bool { return o.name == name })
	m.options = append(m.options, option{name, value})
	return m
}

// String writes the milter without white space, which "postconf -P" would not take.
func (m milter) String() string {
	if len(m.options) == 0 {
		return m.address
	}
	parts := []string{m.address}
	for _, o := range m.options {
		parts = append(parts, o.name+"="+o.value)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func joinMilters(milters []milter) string {
	texts := make([]string, 0, len(milters))
	for _, m := range milters {
		texts = append(texts, m.String())
	}
	return strings.Join(texts, ",")
}
