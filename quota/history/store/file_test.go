package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/history"
)

func openFile(t *testing.T, dir string, config history.Config) Store {
	t.Helper()
	s := OpenFile(dir, config)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestFile(t *testing.T) {
	testStore(t, func(t *testing.T) opener {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "state")
		return func(t *testing.T, config history.Config) Store {
			t.Helper()
			return openFile(t, dir, config)
		}
	})
}

// TestFileThatCannotBe: where the file cannot be made, nothing is kept, and nobody was
// granted anything; once it can, it is.
func TestFileThatCannotBe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := openFile(t, dir, many)
	if err := s.Append(t.Context(), []history.Record{full}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("appended: %v", err)
	}
	if err := s.Change(t.Context(), nil, grant("anne", 1)); err == nil {
		t.Error("granted")
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	wantGrants(t, s)
	appendAll(t, s, full)
	wantFound(t, s, "4Fxy", full)
}

// TestFileThatIsDamaged: it is an error that says what to do, never a panic, and it is not
// known who was granted what.
func TestFileThatIsDamaged(t *testing.T) {
	whole := t.TempDir()
	s := openFile(t, whole, many)
	for range 50 {
		appendAll(t, s, full)
		appendAll(t, s, full, full)
	}
	if err := s.Change(t.Context(), nil, grant("anne", 1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(whole, historyFile))
	if err != nil {
		t.Fatal(err)
	}
	pages := len(text) / 4096
	cases := map[string][]byte{"garbage": []byte("this is no database"), "garbage that is long": []byte(strings.Repeat("x", 1<<16))}
	for page := 2; page < pages; page++ { // the first two are checked by their sums
		bad := append([]byte(nil), text...)
		for i := range 4096 {
			bad[page*4096+i] = byte(37 * i)
		}
		cases["page "+string(rune('0'+page/10))+string(rune('0'+page%10))] = bad
	}
	cases["cut short"] = text[:len(text)/2/4096*4096]
	for name, bad := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, historyFile), bad, 0o600); err != nil {
				t.Fatal(err)
			}
			s := openFile(t, dir, many)
			for _, err := range []error{
				s.Append(t.Context(), []history.Record{full}),
				s.Change(t.Context(), nil, grant("zoe", 1)),
			} {
				if err != nil && !strings.Contains(err.Error(), historyFile) {
					t.Error(err)
				}
			}
			_, _ = s.Grants(t.Context())
			_, _ = s.Find(t.Context(), "4Fxy")
			_, _ = s.Page(t.Context(), history.Page{Most: 1000})
			_, _ = s.Trim(t.Context())
		})
	}
}

// TestFileOfAnother: while another process has the file, that is an error, and later not.
func TestFileOfAnother(t *testing.T) {
	dir := t.TempDir()
	first, second := openFile(t, dir, many), openFile(t, dir, many)
	appendAll(t, first, full)
	if err := second.Append(t.Context(), []history.Record{full}); err == nil || !strings.Contains(err.Error(), historyFile) {
		t.Errorf("both: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	wantFound(t, second, "4Fxy", full)
}
