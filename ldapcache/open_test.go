package ldapcache

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// writeFile writes a directory file whose change dates back an hour, so that it has
// settled.
func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyTheDefaultFileMayBeMissing(t *testing.T) {
	config := DefaultConfig()
	config.Resolve(t.TempDir())
	d, err := Open(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sender(t.Context(), "mdurand"); !errors.Is(err, quota.ErrAbsent) {
		t.Errorf("without a file: %v", err)
	}
	writeFile(t, filepath.Join(config.dir, defaultFile), "[[sender]]\nlogin = \"mdurand\"\n")
	if _, err := d.Sender(t.Context(), "mdurand"); err != nil {
		t.Errorf("when the file has come: %v", err)
	}

	config.File = filepath.Join(config.dir, "other.toml")
	if _, err := Open(config, nil); err == nil || !strings.Contains(err.Error(), "directory.file: open "+config.File) {
		t.Errorf("a named file that is missing: %v", err)
	}
	writeFile(t, config.File, "[[sender]]")
	if _, err := Open(config, nil); err == nil {
		t.Error("a broken file was opened")
	}
}
