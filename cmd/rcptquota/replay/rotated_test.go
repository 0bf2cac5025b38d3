package replay

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/maillog"
	"github.com/rcptquota/rcptquota/test/random"
)

// A log over the turn of the year, without years, in rotated files that are compressed and
// in no order, of which one holds lines of another again, gives the same numbers.
func TestSyntheticRotated(t *testing.T) {
	r := random.New(t)
	var b bytes.Buffer
	s := newSynthetic(r, 3000, &b)
	s.log.short = true
	if err := s.write(time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b.Bytes(), []byte("\n"))
	dir := t.TempDir()
	var names []string
	write := func(name string, lines [][]byte, packed bool) {
		content := bytes.Join(lines, nil)
		if packed {
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			if _, err := w.Write(content); err != nil || w.Close() != nil {
				t.Fatal(err)
			}
			name, content = name+".gz", z.Bytes()
		}
		path := filepath.Join(dir, name)
		stamp := string(lines[len(lines)-1][:15])
		at, err := time.Parse(time.Stamp, stamp)
		if err != nil {
			t.Fatal(err)
		}
		at = at.AddDate(2026, 0, 0)
		if at.Month() == time.December {
			at = at.AddDate(-1, 0, 0)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		names = append(names, path)
	}
	n := len(lines) - 1 // the last is empty
	write("mail.log.3", lines[:n/4], true)
	write("mail.log.1", lines[n/2:3*n/4], false)
	write("mail.log", lines[3*n/4:n], false)
	write("mail.log.2", lines[n/4:n/2], true)
	write("mail.info", lines[n/3:n/2], false)
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	log, err := maillog.Open(names, nil, nil, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	result, err := (&Replay{Rules: syntheticRules(t), Location: time.UTC}).Run(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	if result.Twice == 0 || !result.Read.Inferred || result.First.Year() != 2025 || result.Last.Year() != 2026 {
		t.Errorf("%d twice, from %v to %v", result.Twice, result.First, result.Last)
	}
	result.Twice, result.Unauthenticated = 0, s.answer.unauthenticated // counted by the line
	var out bytes.Buffer
	if err := result.WriteJSON(&out, nil); err != nil {
		t.Fatal(err)
	}
	compare(t, out.Bytes(), &s.answer)
}
