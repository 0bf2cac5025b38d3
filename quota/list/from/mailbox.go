package from

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// mailbox is the content of a field that is one plain mailbox.
type mailbox struct {
	name     string // without its quotes; encoded words are not decoded
	bareName bool   // the name is nothing but an unquoted address
	address  string
}

// maxMailbox is the longest field, in bytes, that is parsed. Real ones are far shorter.
const maxMailbox = 4096

// parseMailbox parses a field that is one plain mailbox: "address", or a name of words
// and quoted strings followed by "<address>". Comments, groups, routes, literals and
// quoted local parts are faults, and net/mail has to come to the same result.
func parseMailbox(value string) (mailbox, Fault) {
	value, ok := unfold(value)
	if !ok || len(value) > maxMailbox {
		return mailbox{}, Malformed
	}
	s := splitter{value: value}
	fault := s.split()
	m := mailbox{name: strings.TrimSpace(s.name.String()), address: s.address}
	if fault != NoFault {
		return m, fault
	}
	phrase := s.phrase.String()
	if s.bareAt {
		m.bareName = true
		if m.name != strings.TrimSpace(phrase) {
			return m, Malformed
		}
		phrase = "w"
	}
	parsed, err := mail.ParseAddressList(phrase + "<" + m.address + ">")
	if err != nil || len(parsed) != 1 || parsed[0].Address != m.address || !isPlainAddress(m.address) {
		return m, Malformed
	}
	return m, NoFault
}

// Address returns the address of a field that is one plain mailbox.
func Address(value string) (string, Fault) {
	m, fault := parseMailbox(value)
	return m.address, fault
}

// splitter cuts a mailbox into its name and its address.
type splitter struct {
	value   string
	name    strings.Builder
	phrase  strings.Builder // the name for a parser: strings still quoted, a letter for each encoded word
	bareAt  bool            // an "@" is outside of both
	address string
}

// split cuts at the "<". An encoded word counts as one word, even with characters that
// RFC 2047 section 5 forbids, as long as they are harmless.
func (s *splitter) split() Fault {
	for i := 0; i < len(s.value); i++ {
		rest := s.value[i:]
		if n := harmlessWord(rest); n > 0 {
			s.name.WriteString(rest[:n])
			s.phrase.WriteString("w")
			i += n - 1
			continue
		}
		switch c := rest[0]; c {
		case '"':
			end := quotedEnd(rest)
			if end < 0 {
				return Malformed
			}
			s.name.WriteString(unquote(rest[1:end]))
			s.phrase.WriteString(rest[:end+1])
			i += end
		case '<':
			return s.angle(rest[1:])
		case ',':
			if s.bareAt {
				return Several
			}
			return Malformed
		case '(', ')', '>', '[', ']', ':', ';', '\\':
			return Malformed
		default:
			s.bareAt = s.bareAt || c == '@'
			s.name.WriteByte(c)
			s.phrase.WriteByte(c)
		}
	}
	if s.name.String() != s.value || strings.ContainsAny(s.value, " \t") { // a bare address has neither quotes nor spaces
		return Malformed
	}
	s.name.Reset()
	s.phrase.Reset()
	s.bareAt = false
	s.address = s.value
	return NoFault
}

// angle parses what follows the "<".
func (s *splitter) angle(rest string) Fault {
	address, closed := strings.CutSuffix(rest, ">")
	switch {
	case closed && !strings.ContainsAny(address, "<>,;:\"()[]\\ \t"):
		s.address = address
		return NoFault
	case strings.Contains(address, ","):
		return Several
	}
	return Malformed
}

// wordBegins matches an encoded word (RFC 2047 section 2) without characters that a
// parser could take for an address, the beginning of one, or a quoted string.
var wordBegins = regexp.MustCompile(`^=\?[A-Za-z0-9_.+*-]+\?[BbQq]\?([^?"<>@\\]*)\?=`)

// harmlessWord returns the length of the encoded word that text begins with. It returns
// 0 where there is none, or where a parser that does not know encoded words would see
// several mailboxes or a group with somebody's name in it: a relay could complete that
// name to an address (append_at_myorigin in postconf(5)).
func harmlessWord(text string) int {
	if !strings.HasPrefix(text, "=?") {
		return 0
	}
	found := wordBegins.FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	inner := found[1]
	if !isBalanced(inner) {
		return 0
	}
	for i := strings.IndexAny(inner, ",;:"); i >= 0; i = strings.IndexAny(inner, ",;:") {
		inner = inner[i+1:]
		if strings.ContainsAny(inner, ",;:") && !strings.HasPrefix(inner, "_") {
			return 0
		}
	}
	return len(found[0])
}

// isBalanced reports whether all parentheses of a text are closed within it, so that no
// comment reaches from one word into another.
func isBalanced(text string) bool {
	depth := 0
	for _, r := range text {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0
}

// quotedEnd returns the index of the closing quote of the quoted string that text begins
// with, or -1.
func quotedEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// unquote resolves the quoted pairs of a quoted string (RFC 5322 section 3.2.4).
func unquote(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// isPlainAddress reports whether an address has a local part in ASCII, and a domain in
// ASCII or in valid U-labels, in any case.
func isPlainAddress(address string) bool {
	local, domain := mailaddr.Split(address)
	if local == "" || strings.ContainsFunc(local, notASCII) {
		return false
	}
	if !strings.ContainsFunc(domain, notASCII) {
		return true
	}
	written, err := idna.Lookup.ToUnicode(mailaddr.DomainKey(domain))
	return err == nil && written == strings.Map(lowerLabel, domain)
}

func notASCII(r rune) bool { return r >= utf8.RuneSelf }

// lowerLabel folds the case of a letter, but never a letter beyond ASCII to one in ASCII.
func lowerLabel(r rune) rune {
	if lower := unicode.ToLower(r); notASCII(lower) || !notASCII(r) {
		return lower
	}
	return r
}

// unfold joins the lines of a field and trims it. It reports false for control
// characters and for bytes that are not UTF-8 (RFC 6532).
func unfold(value string) (string, bool) {
	value = strings.NewReplacer("\r\n ", " ", "\r\n\t", "\t", "\n ", " ", "\n\t", "\t").Replace(value)
	bad := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	return strings.Trim(value, " \t"), utf8.ValidString(value) && !strings.ContainsFunc(value, bad)
}
