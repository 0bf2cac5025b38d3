package pitfall

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryPitfallHasACase: test/testdata/postfix has an installation with each.
func TestEveryPitfallHasACase(t *testing.T) {
	files, err := filepath.Glob("../../../../test/testdata/postfix/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, p := range Pitfalls {
		if text := all.String(); !strings.Contains(text, "\n"+p.Name+", ") && !strings.Contains(text, "\n"+p.Name+"\n") {
			t.Errorf("%s: no case", p.Name)
		}
	}
}
