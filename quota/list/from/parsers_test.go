package from

import (
	"encoding/base64"
	"io"
	"mime"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// checkFrom checks that what passes is from the manager alone for two other parsers:
// net/mail, which accepts more of RFC 5322 than we do, and one that finds any address,
// wherever it is.
func checkFrom(t *testing.T, value string) {
	t.Helper()
	if me.CheckField(value) != NoFault {
		return
	}
	for _, a := range secondOpinion(value) {
		if !me.owns(a) {
			t.Errorf("%q passes, and net/mail reads %q", value, a)
		}
	}
	for _, a := range anyAddress(value) {
		if !me.owns(a) && !me.isLoginAddress(a) {
			t.Errorf("%q passes, and a crude eye finds %q", value, a)
		}
	}
	if !slices.ContainsFunc(anyAddress(value), me.owns) {
		t.Errorf("%q passes, and a crude eye does not find the manager", value)
	}
}

// secondOpinion parses From with net/mail.
func secondOpinion(value string) []string {
	parser := mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: anyCharset}}
	parsed, err := parser.ParseList(strings.NewReplacer("\r\n", "", "\n", "").Replace(value))
	if err != nil {
		return nil
	}
	var addresses []string
	for _, a := range parsed {
		addresses = append(addresses, a.Address)
	}
	return addresses
}

func anyCharset(charset string, input io.Reader) (io.Reader, error) {
	if known, err := htmlindex.Get(charset); err == nil {
		return known.NewDecoder().Reader(input), nil
	}
	return charmap.Windows1252.NewDecoder().Reader(input), nil
}

// looksLikeAddress matches a local part, an "@" and a domain with a dot.
var looksLikeAddress = regexp.MustCompile("[\\pL\\pN\\pM\\p{So}\\p{Sc}!#$%&*+/=?^_{|}~.-]+[@\uff20\ufe6b]" +
	"[\\pL\\pN\\pM_-]+(?:[.\u3002\uff0e\uff61][\\pL\\pN\\pM_-]+)+")

// anyAddress finds what looks like an address in a text: as it is, decoded in the crudest
// way, with and without the text between encoded words, and without invisible characters;
// each without the quotes.
func anyAddress(value string) (all []string) {
	value = strings.NewReplacer("\r\n", "", "\n", "", `\`, "", `"`, "").Replace(value)
	glued := regexp.MustCompile(`\?=[ \t]+=\?`).ReplaceAllString(value, "?==?")
	for _, text := range []string{value, crudely(value), crudely(glued)} {
		all = append(all, looksLikeAddress.FindAllString(text, -1)...)
		if unseen := strings.Map(printing, text); unseen != text {
			all = append(all, looksLikeAddress.FindAllString(unseen, -1)...)
		}
	}
	return all
}

func printing(r rune) rune {
	if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
		return -1
	}
	return r
}

var crudeWord = regexp.MustCompile(`=\?([^?]*)\?([bBqQ])\?(.*?)\?=`)

// crudely decodes encoded words wherever they are, and malformed ones as far as possible.
func crudely(text string) string {
	return crudeWord.ReplaceAllStringFunc(text, func(word string) string {
		part := crudeWord.FindStringSubmatch(word)
		content := part[3]
		if strings.EqualFold(part[2], "b") {
			content = strings.Map(func(r rune) rune {
				if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", r) {
					return r
				}
				return -1
			}, content)
			if len(content)%4 == 1 {
				content = content[:len(content)-1]
			}
			decoded, _ := base64.RawStdEncoding.DecodeString(content)
			content = string(decoded)
		} else {
			content = hexPair.ReplaceAllStringFunc(strings.ReplaceAll(content, "_", " "), func(pair string) string {
				var b [1]byte
				for _, c := range strings.ToLower(pair[1:]) {
					b[0] = b[0]<<4 | byte(strings.IndexRune("0123456789abcdef", c))
				}
				return string(b[:])
			})
		}
		charset, _, _ := strings.Cut(part[1], "*")
		decoded, err := anyCharset(charset, strings.NewReader(content))
		if err != nil {
			return content
		}
		whole, err := io.ReadAll(decoded)
		if err != nil {
			return content
		}
		return string(whole)
	})
}

var hexPair = regexp.MustCompile(`=[0-9A-Fa-f]{2}`)
