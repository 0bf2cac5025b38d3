package from

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// encodedWord matches what mail programs decode, wherever it is in a name (RFC 2047
// section 2): charset, encoding, text.
var encodedWord = regexp.MustCompile(`=\?([^?]*)\?([^?]*)\?(.*?)\?=`)

// readName returns the ways in which mail programs may show a name with encoded words:
// as it is, decoded, and as plain bytes in a program that does not know the charset. It
// reports false where it cannot decode the name, which might then hide an address.
func readName(name string) (readings []string, sure bool) {
	words := encodedWord.FindAllStringSubmatchIndex(name, -1)
	if len(words) == 0 {
		return []string{name}, !strings.Contains(name, "=?")
	}
	var decoded, raw strings.Builder
	sure = true
	last := 0
	for _, at := range words {
		if between := name[last:at[0]]; last == 0 || strings.TrimSpace(between) != "" { // spaces between encoded words are not shown
			decoded.WriteString(between)
			raw.WriteString(between)
		}
		text, content, ok := decodeWord(name[at[2]:at[3]], name[at[4]:at[5]], name[at[6]:at[7]])
		decoded.WriteString(text)
		raw.WriteString(content)
		sure = sure && ok
		last = at[1]
	}
	decoded.WriteString(name[last:])
	raw.WriteString(name[last:])
	sure = sure && !strings.Contains(decoded.String(), "=?") // some programs decode again
	return []string{name, decoded.String(), raw.String()}, sure
}

// decodeWord returns the text of an encoded word, and its bytes as if each were a
// letter.
func decodeWord(charset, method, text string) (decoded, raw string, ok bool) {
	content, ok := decodeContent(method, text)
	raw = latin1(content)
	name, _, _ := strings.Cut(strings.ToLower(charset), "*") // without the language (RFC 2231 section 5)
	known := charsetOf(strings.TrimSpace(name))
	if known == nil {
		return raw, raw, ok && !mayHide(content)
	}
	decoded, err := known.NewDecoder().String(content)
	return decoded, raw, ok && err == nil
}

// decodeContent undoes the encoding B or Q. It reports false where an "=" in Q is not
// followed by two hexadecimal digits: some programs read on until they find them.
func decodeContent(method, text string) (string, bool) {
	switch method {
	case "B", "b":
		content, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		return string(content), err == nil
	case "Q", "q":
	default:
		return "", false
	}
	var b strings.Builder
	ok := true
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '_':
			b.WriteByte(' ')
		case '=':
			n, err := strconv.ParseUint(text[i+1:min(i+3, len(text))], 16, 8)
			if err != nil || i+3 > len(text) {
				b.WriteByte(c)
				ok = false
				continue
			}
			b.WriteByte(byte(n))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ok
}

// otherNames maps names of charsets that are in no index to names that are.
var otherNames = map[string]string{
	"cp932": "shift_jis", "cp936": "gbk", "cp949": "euc-kr", "cp950": "big5", "cp1250": "windows-1250",
	"macroman": "macintosh", "x-mac-roman": "macintosh",
}

// charsetOf returns the charset with a name registered by the WHATWG or IANA. It returns
// nil for an unknown one, for one with several byte orders, and for EBCDIC, where ASCII
// bytes are other letters: nobody writes names in those.
func charsetOf(name string) encoding.Encoding {
	if other, has := otherNames[name]; has {
		name = other
	}
	switch name {
	case "unknown-8bit", "x-unknown": // ASCII and more (RFC 1428)
		return charmap.Windows1252
	}
	if known, err := htmlindex.Get(name); err == nil && known != encoding.Replacement {
		if canonical, err := htmlindex.Name(known); err != nil || strings.HasPrefix(canonical, "utf-16") {
			return nil
		}
		return known
	}
	known, err := ianaindex.IANA.Encoding(name)
	if err != nil || known == nil || strings.HasPrefix(name, "utf-16") || known == charmap.CodePage037 || known == charmap.CodePage1047 || known == charmap.CodePage1140 {
		return nil
	}
	return known
}

// mayHide reports whether bytes of an unknown charset may be an address. Bytes in ASCII
// alone could be one only in a charset where certain ASCII characters introduce other
// letters: "+" (UTF-7), "&" (RFC 3501), "~" (HZ), or control characters (ISO 2022).
func mayHide(content string) bool {
	return strings.ContainsFunc(content, func(r rune) bool { return r < ' ' || r > '}' || r == '+' || r == '&' })
}

// wideSigns are the wide "@" and dots in the charsets of East Asia. One program may read
// the sign where another reads the same bytes as halves of other letters.
var wideSigns = strings.NewReplacer(
	"\xa3\xc0", "@", "\xa1\xf7", "@", "\x81\x97", "@", "\xa2\x49", "@", "\xef\xbc\xa0", "@", "\xef\xb9\xab", "@",
	"\xa3\xae", ".", "\xa1\xa3", ".", "\xa1\xa5", ".", "\x81\x42", ".", "\x81\x44", ".", "\xa1\x43", ".", "\xa1\x44", ".",
)

// latin1 turns each byte into a letter, and wide signs into what they look like.
func latin1(content string) string {
	content = wideSigns.Replace(content)
	var b strings.Builder
	for i := range len(content) {
		b.WriteRune(rune(content[i]))
	}
	return b.String()
}
