package alert

import (
	"strconv"
	"strings"
	"unicode"
)

// maxShown is how many bytes of a login are shown; real ones are shorter.
const maxShown = 100

// shown is a login as people read it. One that holds line breaks or the like is quoted, so
// that it cannot pass for other lines of a mail, nor for an encoded word (RFC 2047).
func shown(login string) string {
	short := login
	if len(login) > maxShown {
		short = strings.ToValidUTF8(login[:maxShown], "") + "..."
	}
	odd := func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }
	if !strings.ContainsFunc(short, odd) && !strings.Contains(short, "=?") {
		return short
	}
	return strings.ReplaceAll(strconv.Quote(short), "=?", `=\x3f`)
}
