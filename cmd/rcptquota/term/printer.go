package term

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	xterm "golang.org/x/term"
)

// Style is how a text looks where colours are seen. The zero value is plain.
type Style int

const (
	// Plain is ordinary text.
	Plain Style = iota
	// Bold is for headings.
	Bold
	// Faint is for what matters less, such as bars and units.
	Faint
	// Good is green.
	Good
	// Warning is yellow.
	Warning
	// Bad is red.
	Bad
)

// sgr are the parameters of "select graphic rendition" (ECMA-48 section 8.3.117).
var sgr = [...]string{Plain: "", Bold: "1", Faint: "2", Good: "32", Warning: "33", Bad: "31"}

// Printer writes for a person. Errors of the writer are ignored, as those of fmt.Fprintln
// to standard output are.
type Printer struct {
	out    io.Writer
	colour bool
}

// New makes a printer that writes to out.
func New(out io.Writer) *Printer {
	p := &Printer{out: out}
	if IsTerminal(out) {
		p.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return p
}

// IsTerminal reports whether a reader or writer is a terminal.
func IsTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && xterm.IsTerminal(int(file.Fd()))
}

// Line writes a line.
func (p *Printer) Line(format string, args ...any) {
	fmt.Fprintln(p.out, Clean(fmt.Sprintf(format, args...)))
}

// Heading writes a heading after an empty line.
func (p *Printer) Heading(format string, args ...any) {
	fmt.Fprintln(p.out)
	fmt.Fprintln(p.out, p.paint(Bold, Clean(fmt.Sprintf(format, args...))))
}

// Blank writes an empty line.
func (p *Printer) Blank() { fmt.Fprintln(p.out) }

// Count is a number with what it counts: "1 line", "2 lines".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// paint returns a text in a style, if colours are seen.
func (p *Printer) paint(s Style, text string) string {
	if !p.colour || s == Plain || text == "" {
		return text
	}
	return "\x1b[" + sgr[s] + "m" + text + "\x1b[m"
}

// Clean returns a text on one line, without what could act on a terminal: control
// characters, also those of Unicode's format class, which reorder what is read, and bytes
// that are not UTF-8, become "�".
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, string(utf8.RuneError)))
}
