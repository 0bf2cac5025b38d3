package quota

import (
	"errors"
	"io"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"
)

// FromFault is what is wrong with who a message to a list says that it is from.
type FromFault int

const (
	// NoFault, the zero value: it is from its sender.
	NoFault FromFault = iota
	// EnvelopeOther: the envelope sender is no professional address of the sender.
	EnvelopeOther
	// FromMissing: there is no header From.
	FromMissing
	// FromSeveral: there is more than one, or one with several mailboxes.
	FromSeveral
	// FromMalformed: it is not one plain mailbox: "address" or "Name <address>".
	FromMalformed
	// FromOther: its address is no professional address of the sender.
	FromOther
	// FromName: its name has, or may hide, an address that is not the sender's.
	FromName
)

// String returns the value of the log key "from_check".
func (f FromFault) String() string {
	switch f {
	case NoFault:
		return "none"
	case EnvelopeOther:
		return "envelope"
	case FromMissing:
		return "missing"
	case FromSeveral:
		return "several"
	case FromMalformed:
		return "malformed"
	case FromOther:
		return "other_address"
	case FromName:
		return "name"
	}
	return "unknown"
}

// fromFault holds the header From against the sender's own addresses, which are
// in lower case. It takes fewer forms than RFC 5322 section 3.4 has, so that no
// mail program can read another address than we did.
func (h *Header) fromFault(own []string) FromFault {
	switch len(h.From) {
	case 0:
		return FromMissing
	case 1:
	default:
		return FromSeveral
	}
	name, address, fault := mailbox(h.From[0])
	switch {
	case fault != NoFault:
		return fault
	case !slices.Contains(own, lowerASCII(address)):
		return FromOther
	case !onlyOwn(name, own):
		return FromName
	}
	return NoFault
}

// onlyOwn reports whether every address in a name is one of the sender's own.
func onlyOwn(name string, own []string) bool {
	// What must not be decoded (RFC 2047 section 5), mail programs decode.
	name, err := fromParser.WordDecoder.DecodeHeader(name)
	if err != nil || strings.Contains(name, "=?") {
		return false
	}
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return strings.ContainsRune(" \t'\"<>()[],;:", r) }) {
		if strings.ContainsAny(word, atSigns) && !slices.Contains(own, lowerASCII(word)) {
			return false
		}
	}
	return true
}

// atSigns are those that a reader takes for one: Unicode has two look-alikes.
const atSigns = "@\uff20\ufe6b"

// fromParser decodes names in the charsets in which ASCII is ASCII, byte by byte; in
// others, an "@" could hide.
var fromParser = mail.AddressParser{WordDecoder: &mime.WordDecoder{
	CharsetReader: func(charset string, input io.Reader) (io.Reader, error) {
		for _, family := range []string{"iso-8859-", "windows-125", "koi8-", "macintosh", "utf8"} {
			if strings.HasPrefix(charset, family) {
				return input, nil
			}
		}
		return nil, errCharset
	},
}}

var errCharset = errors.New("a charset in which an @ could hide")

// mailbox reads a field that is one plain mailbox: "address", or a name of words
// and quoted strings with "<address>". Comments, groups, routes, literals and
// quoted local parts are refused, and net/mail must read the same.
func mailbox(value string) (name, address string, fault FromFault) {
	value, ok := unfold(value)
	if !ok {
		return "", "", FromMalformed
	}
	phrase, address, fault := split(value)
	if fault != NoFault {
		return "", "", fault
	}
	parsed, err := fromParser.ParseList(value)
	switch {
	case err != nil || address == "" || strings.ContainsAny(phrase, "@"):
		return "", "", FromMalformed
	case len(parsed) > 1:
		return "", "", FromSeveral
	case parsed[0].Address != address || strings.ContainsFunc(address, notASCII):
		return "", "", FromMalformed
	}
	return parsed[0].Name, address, NoFault
}

// split cuts a mailbox into its name, without what is quoted, and its address.
func split(value string) (phrase, address string, fault FromFault) {
	var words strings.Builder
	for i := 0; i < len(value); i++ {
		switch c := value[i]; c {
		case '"':
			end := quotedEnd(value[i:])
			if end < 0 {
				return "", "", FromMalformed
			}
			i += end
		case '<':
			address, closed := strings.CutSuffix(value[i+1:], ">")
			switch {
			case closed && !strings.ContainsAny(address, "<>,;:\"()[]\\ \t"):
				return words.String(), address, NoFault
			case strings.Contains(address, ","):
				return "", "", FromSeveral
			}
			return "", "", FromMalformed
		case ',':
			return "", "", FromSeveral
		case '(', ')', '>', '[', ']', ':', ';', '\\':
			return "", "", FromMalformed
		default:
			words.WriteByte(c)
		}
	}
	if words.Len() != len(value) || strings.ContainsAny(value, " \t") {
		return "", "", FromMalformed
	}
	return "", value, NoFault
}

// quotedEnd returns the index of the quote that closes the string that text
// begins with, or -1.
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

// unfold joins the lines of a field and trims it. It reports false for what is
// no text: control characters, and bytes that are not UTF-8 (RFC 6532).
func unfold(value string) (string, bool) {
	value = strings.NewReplacer("\r\n ", " ", "\r\n\t", "\t", "\n ", " ", "\n\t", "\t").Replace(value)
	bad := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	return strings.Trim(value, " \t"), utf8.ValidString(value) && !strings.ContainsFunc(value, bad)
}
