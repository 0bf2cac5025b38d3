package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBrokenConfigurations loads each file of testdata/broken, which has one
// mistake. Its first line tells, after "# ", what must be said after the file's
// name.
func TestBrokenConfigurations(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		want := file + strings.TrimPrefix(first, "# ")
		_, err = Load(file)
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestEmptyConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "empty.toml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Listen) != 1 || c.Listen[0].Address != "inet:127.0.0.1:8891" || c.rules.HighestLimit() != 5000 || !c.Enforce {
		t.Errorf("defaults %+v", c)
	}
}
