package ldap

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// Active Directory returns at most some 1,500 values of an attribute at a time: it
// returns "member" without values, and "member;range=0-1499" with the first ones
// ([MS-ADTS] section 3.1.1.3.1.3.3). The rest is asked for part by part.

// errRange is a server's answer that is not the part asked for.
var errRange = goldap.NewError(goldap.LDAPResultOther, errors.New("a range of values that was not asked for"))

// rangeOption is an attribute description with the option of a part. The last
// part has a star for its end.
var rangeOption = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*);[Rr][Aa][Nn][Gg][Ee]=([0-9]{1,9})-([0-9]{1,9}|\*)$`)

// part is some of an attribute's values.
type part struct {
	attribute string
	low       int
	last      bool
	high      int // when not the last
}

// parsePart reads an attribute description with a range. It reports false where it has
// none, or an impossible one.
func parsePart(description string) (part, bool) {
	match := rangeOption.FindStringSubmatch(description)
	if match == nil {
		return part{}, false
	}
	p := part{attribute: match[1], last: match[3] == "*"}
	p.low, _ = strconv.Atoi(match[2])
	if !p.last {
		p.high, _ = strconv.Atoi(match[3])
	}
	return p, p.last || p.high >= p.low
}

// valuesOf returns the values of an attribute by its exact name: those that came with
// the entry, and those that have to be asked for. There are at most limit; more reports
// whether the entry has others.
func (d *Directory) valuesOf(conn *goldap.Conn, entry *goldap.Entry, attribute string, limit int) (values []string, more bool, err error) {
	values = entry.GetEqualFoldAttributeValues(attribute)
	for len(values) <= limit {
		next, p := nextPart(entry, attribute)
		if next == nil {
			break
		}
		if p.low != len(values) || len(next.Values) == 0 {
			return nil, false, fmt.Errorf("%s of %s: %w", attribute, entry.DN, errRange)
		}
		values = append(values, next.Values...)
		if p.last {
			break
		}
		description := fmt.Sprintf("%s;range=%d-*", attribute, p.high+1)
		rest, err := d.read(conn, entry.DN, anyEntry, []string{description})
		if err != nil {
			return nil, false, err
		}
		if rest == nil { // it has gone since
			return nil, false, fmt.Errorf("%s of %s: %w", attribute, entry.DN, errRange)
		}
		entry = rest
	}
	if len(values) > limit {
		return values[:limit], true, nil
	}
	return values, false, nil
}

// nextPart returns the part of an attribute that came with an entry, or nil.
func nextPart(entry *goldap.Entry, attribute string) (*goldap.EntryAttribute, part) {
	for _, a := range entry.Attributes {
		if p, ok := parsePart(a.Name); ok && strings.EqualFold(p.attribute, attribute) {
			return a, p
		}
	}
	return nil, part{}
}

// members are the values of the attributes of a group's entry.
func (d *Directory) members(conn *goldap.Conn, entry *goldap.Entry, attributes []string, limit int) (all []string, more bool, err error) {
	for _, attribute := range attributes {
		values, beyond, err := d.valuesOf(conn, entry, attribute, limit-len(all))
		if err != nil {
			return nil, false, err
		}
		all = append(all, values...)
		more = more || beyond
	}
	return all, more, nil
}
