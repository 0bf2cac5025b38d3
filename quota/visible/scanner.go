package visible

import "strings"

// scanner finds the addresses in an address list (RFC 5322 section 3.4).
type scanner struct {
	text string // what is not read yet

	// The mailbox at hand: an address, or a name and an address in angle brackets.
	address []byte // without quotes, spaces and comments, in lower case
	ats     int    // how many "@" it has outside of quotes
	space   bool   // white space or a comment follows it
	angle   place  // of the scanner to the angle brackets
	bad     bool   // it cannot be read
}

// place is where the scanner is in a mailbox.
type place int

const (
	before place = iota // there may still be angle brackets
	inside
	behind
)

// next finds the next address that can be read, and puts it into s.address. It returns
// false at the end of the list.
func (s *scanner) next() bool {
	s.begin(before)
	s.bad = false
	for s.text != "" {
		c := s.text[0]
		switch {
		case s.opaque(c):
			continue
		case (c == ',' || c == ';') && s.angle != inside:
			s.text = s.text[1:]
			if s.readable() {
				return true
			}
			s.begin(before)
			s.bad = false
			continue
		}
		s.text = s.text[1:]
		s.take(c)
	}
	return s.angle != inside && s.readable()
}

// begin drops what was taken for an address.
func (s *scanner) begin(at place) {
	s.address, s.ats, s.space, s.angle = s.address[:0], 0, false, at
}

// readable reports whether the mailbox at hand has one address with both of its parts.
func (s *scanner) readable() bool {
	n := len(s.address)
	return !s.bad && s.ats == 1 && s.address[0] != '@' && s.address[n-1] != '@'
}

// take reads one character outside of quoted strings, comments, literals and encoded words.
func (s *scanner) take(c byte) {
	switch c {
	case ' ', '\t', '\r', '\n':
		s.space = true
	case '<':
		s.bad = s.angle != before
		s.begin(inside)
	case '>':
		s.bad = s.bad || s.angle != inside
		s.angle = behind
	case ':':
		s.colon()
	case ',': // inside angle brackets, between the hosts of a route
		s.bad = s.bad || !s.inRoute()
		s.begin(inside)
	case ';', ')', ']', '\\':
		s.bad = true
	default:
		s.add(c, c == '@')
	}
}

// colon ends a group's name or, inside angle brackets, a route (RFC 5322 section 4.4).
func (s *scanner) colon() {
	switch s.angle {
	case inside:
		s.bad = s.bad || !s.inRoute()
		s.begin(inside)
	case before:
		s.bad = false
		s.begin(before)
	case behind:
		s.bad = true
	}
}

// inRoute reports whether what was read inside angle brackets is a host of a route.
func (s *scanner) inRoute() bool { return len(s.address) == 0 || s.address[0] == '@' }

// add adds a character to the address, unless that is behind; at is true for the "@" that
// ends a local part. An address has spaces only beside "@" and dots.
func (s *scanner) add(c byte, at bool) {
	if s.angle == behind {
		return
	}
	if n := len(s.address); s.space && n > 0 && !isJoint(s.address[n-1]) && !isJoint(c) {
		s.ats = 2 // several words: a name, or nothing that can be read
	}
	s.space = false
	if at {
		s.ats++
	}
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	s.address = append(s.address, c)
}

func isJoint(c byte) bool { return c == '.' || c == '@' }

// opaque reads what begins with c and in which characters have no meaning of their own: a
// quoted string, a comment, a literal, an encoded word. It returns false for anything else.
// What is never closed reaches to the end.
func (s *scanner) opaque(c byte) bool {
	switch c {
	case '"':
		s.quoted()
	case '(':
		s.comment()
	case '[':
		s.literal()
	case '=':
		n := encodedWord(s.text)
		s.text = s.text[n:]
		if n > 0 && s.angle != behind {
			s.ats = 2 // part of a name: an address has none
			s.add('=', false)
		}
		return n > 0
	default:
		return false
	}
	return true
}

// quoted reads a quoted string (RFC 5322 section 3.2.4).
func (s *scanner) quoted() {
	for i := 1; i < len(s.text); i++ {
		switch c := s.text[i]; c {
		case '"':
			s.text = s.text[i+1:]
			return
		case '\\':
			if i++; i < len(s.text) {
				s.add(s.text[i], false)
			}
		default:
			s.add(c, false)
		}
	}
	s.unclosed()
}

// comment skips a comment with the comments in it (RFC 5322 section 3.2.2).
func (s *scanner) comment() {
	depth := 0
	for i := 0; i < len(s.text); i++ {
		switch s.text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '\\':
			i++
		}
		if depth == 0 {
			s.text, s.space = s.text[i+1:], true
			return
		}
	}
	s.unclosed()
}

// literal reads a domain literal, as in "[IPv6:2001:db8::1]".
func (s *scanner) literal() {
	end := strings.IndexByte(s.text, ']')
	if end < 0 {
		s.unclosed()
		return
	}
	for i := range end + 1 {
		s.add(s.text[i], false)
	}
	s.text = s.text[end+1:]
}

// unclosed drops the rest of the list.
func (s *scanner) unclosed() { s.text, s.bad = "", true }

// encodedWord returns the length of the encoded word that text begins with, and 0 if there
// is none. Its text may have characters that RFC 2047 section 5 forbids, as some programs
// write them, but no angle brackets.
func encodedWord(text string) int {
	rest, ok := strings.CutPrefix(text, "=?")
	if !ok {
		return 0
	}
	for range 2 { // charset, encoding
		n := strings.IndexAny(rest, "?=<>\"(),:;@ \t\r\n")
		if n < 1 || rest[n] != '?' {
			return 0
		}
		rest = rest[n+1:]
	}
	n := strings.IndexAny(rest, "?<>")
	if n < 0 || !strings.HasPrefix(rest[n:], "?=") {
		return 0
	}
	return len(text) - len(rest) + n + len("?=")
}
