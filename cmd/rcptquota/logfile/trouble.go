package logfile

import "fmt"

// Trouble is what could not be read. The zero value is none.
type Trouble struct {
	// Lines is how many lines could not be understood.
	Lines int `json:"lines"`
	// First says where the first of them is, and what is wrong; empty: there is none.
	First string `json:"first,omitempty"`
	// Files are the errors of files that could not be read, or not to their end.
	Files []string `json:"files,omitempty"`
}

// Bad counts the line of f that was read last, which err is about. The line is not quoted:
// it may name recipients.
func (t *Trouble) Bad(f *File, err error) {
	if t.Lines++; t.Lines == 1 {
		t.First = fmt.Sprintf("%s:%d: %v", f.Name, f.Line, err)
	}
}

// Broken notes that a file could not be read, or not to its end.
func (t *Trouble) Broken(err error) { t.Files = append(t.Files, err.Error()) }

// Add adds the trouble of another part.
func (t *Trouble) Add(other *Trouble) {
	if t.Lines == 0 {
		t.First = other.First
	}
	t.Lines += other.Lines
	t.Files = append(t.Files, other.Files...)
}

// Any reports whether there is any.
func (t *Trouble) Any() bool { return t.Lines > 0 || len(t.Files) > 0 }
