package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// Writer writes rows. Make it with [New].
type Writer struct{ csv *csv.Writer }

// New makes a writer whose first row are titles.
func New(w io.Writer, titles ...string) *Writer {
	s := &Writer{csv.NewWriter(w)}
	_ = s.csv.Write(titles) // an error comes back from Flush
	return s
}

// Row writes a row of texts, which are made harmless, and of other values as fmt.Sprint
// writes them.
func (s *Writer) Row(cells ...any) {
	fields := make([]string, len(cells))
	for i, cell := range cells {
		if text, ok := cell.(string); ok {
			fields[i] = harmless(text)
		} else {
			fields[i] = fmt.Sprint(cell)
		}
	}
	_ = s.csv.Write(fields) // an error comes back from Flush
}

// Flush writes what is left, and returns the first error of the writer.
func (s *Writer) Flush() error {
	s.csv.Flush()
	return s.csv.Error()
}

// harmless marks a text that a spreadsheet would take for a formula
// (https://owasp.org/www-community/attacks/CSV_Injection).
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
