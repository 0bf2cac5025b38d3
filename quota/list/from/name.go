package from

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// nameFault checks that the name of a mailbox contains no address but the sender's own,
// however it is decoded.
func (id Identity) nameFault(name string) Fault {
	if id.isLoginAddress(name) {
		return NoFault
	}
	readings, sure := readName(name)
	if slices.ContainsFunc(readings, id.namesOther) {
		return Name
	}
	if !sure {
		return Encoding
	}
	return NoFault
}

// namesOther reports whether text contains what looks like an address (a local part and
// a domain with a dot) that is not the sender's own. It looks at the text as it is, and
// without invisible characters.
func (id Identity) namesOther(text string) bool {
	bidi := strings.ContainsFunc(text, isBidi)
	return id.otherIn([]rune(text), bidi) || id.otherIn([]rune(strings.Map(visible, text)), bidi)
}

func (id Identity) otherIn(text []rune, bidi bool) bool {
	for i, r := range text {
		if strings.ContainsRune(atSigns, r) && id.otherAt(text, i, bidi) {
			return true
		}
	}
	return false
}

// otherAt reports whether the "@" at i makes an address that is not the sender's.
func (id Identity) otherAt(text []rune, i int, bidi bool) bool {
	start, end := i+1, i
	for start < len(text) && unicode.IsSpace(text[start]) {
		start++
	}
	for end > 0 && unicode.IsSpace(text[end-1]) {
		end--
	}
	domain := run(text[start:], inDomain)
	local := runBefore(text[:end], inLocal)
	touching := start == i+1 && end == i && text[i] == '@'
	if touching && id.owns(trimEnds(local)+"@"+strings.TrimRightFunc(domain, endsDomain)) {
		return false
	}
	if bidi && isDotted(runBefore(text[:end], inDomain)) { // it may be shown from right to left
		return true
	}
	literal := start < len(text) && text[start] == '['
	return (isDotted(domain) || literal) && (local != "" || !isHandle(text[:end]))
}

const (
	// atSigns are the characters that look like an "@" in some font. One that could not
	// be decoded may be one too.
	atSigns = "@\uff20\ufe6b\u24d0\ufffd"
	// dots are the characters that IDNA treats as a dot (UTS #46) or that look like one.
	dots = ".\u3002\uff0e\uff61\u2024\ufe52"
)

// isDotted reports whether a domain has at least two labels.
func isDotted(domain string) bool {
	return len(strings.FieldsFunc(domain, func(r rune) bool { return strings.ContainsRune(dots, r) })) > 1
}

// isHandle reports whether an "@" after text begins a handle, as in "(@name)", because
// nothing before it could be a local part.
func isHandle(text []rune) bool {
	return len(text) == 0 || strings.ContainsRune("([,;:", text[len(text)-1])
}

func inDomain(r rune) bool {
	return r == '-' || r == '_' || strings.ContainsRune(dots, r) || unicode.In(r, unicode.L, unicode.N, unicode.M) || r == utf8.RuneError || isHidden(r)
}

// inLocal reports whether r can be in a local part: atext (RFC 5322 section 3.2.3) and,
// beyond ASCII (RFC 6532), all but spaces and punctuation.
func inLocal(r rune) bool {
	if r < utf8.RuneSelf {
		return r > ' ' && r != 0x7f && !strings.ContainsRune("\"(),:;<>@[\\]", r)
	}
	return !unicode.IsSpace(r) && (!unicode.IsPunct(r) || strings.ContainsRune(dots, r)) && !strings.ContainsRune(atSigns, r) || r == utf8.RuneError
}

// run is the longest beginning of text whose characters are all in a set.
func run(text []rune, in func(rune) bool) string {
	n := slices.IndexFunc(text, func(r rune) bool { return !in(r) })
	if n < 0 {
		n = len(text)
	}
	return string(text[:n])
}

// runBefore is the longest end of text whose characters are all in a set.
func runBefore(text []rune, in func(rune) bool) string {
	n := len(text)
	for n > 0 && in(text[n-1]) {
		n--
	}
	return string(text[n:])
}

// trimEnds removes the quotes that some programs put before an address.
func trimEnds(local string) string {
	return strings.TrimLeftFunc(local, func(r rune) bool { return r == '\'' || r == '`' || isHidden(r) })
}

func endsDomain(r rune) bool { return r == '.' || isHidden(r) }

// isHidden reports whether a character is invisible.
func isHidden(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Cc, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// visible drops invisible characters, and quotes, which some programs remove.
func visible(r rune) rune {
	if isHidden(r) || r == '"' || r == '\\' {
		return -1
	}
	return r
}

// isBidi reports whether a character changes the direction in which text is shown
// (UAX #9).
func isBidi(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }
