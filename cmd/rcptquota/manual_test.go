package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix/pitfall"
)

// The manual's reference is written from the code: the keys of the configuration from
// the structs that read it and their comments, the metrics from what is registered,
// the log from the comments where it is written.
// In the pages it stands between "<!-- generated: NAME -->" and "<!-- end -->"; a
// table of contents, between "<!-- contents -->" and "<!-- end -->".

//go:generate go test -run ^TestManual$ . -update

var updateManual = flag.Bool("update", false, "write the generated parts of the manual anew")

const manualFolder = "../../deploy/postfix"

// TestManual fails where the manual is not what the code says.
func TestManual(t *testing.T) {
	log := logMeanings(t)
	parts := map[string]string{
		"keys":            configurationKeys(t),
		"metrics":         metricsTable(t),
		"pitfalls":        table("name", "what is wrong", pitfalls()),
		"message records": table("msg", "written", log["Message record"]),
		"message keys":    table("key", "meaning", log["Message key"]),
		"other records":   table("msg", "written", log["Log record"]),
		"other keys":      table("key", "meaning", log["Log key"]),
	}
	pages, err := filepath.Glob(filepath.Join(manualFolder, "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	used := map[string]bool{}
	for _, page := range pages {
		old, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := generatedPart.ReplaceAllStringFunc(string(old), func(part string) string {
			name := generatedPart.FindStringSubmatch(part)[1]
			if parts[name] == "" {
				t.Errorf("%s: nothing generates %q", page, name)
			}
			used[name] = true
			return "<!-- generated: " + name + " -->\n" + parts[name] + "<!-- end -->"
		})
		text = contentsPart.ReplaceAllLiteralString(text, "<!-- contents -->\n"+contents(text)+"<!-- end -->")
		switch {
		case text == string(old):
		case !*updateManual:
			t.Errorf("%s is not what the code says; run `go generate ./cmd/rcptquota` and look at the difference", page)
		default:
			if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name := range parts {
		if !used[name] {
			t.Errorf("no page has %q", name)
		}
	}
}

// pitfalls are those that check --postfix knows.
func pitfalls() (rows [][2]string) {
	for _, p := range pitfall.Pitfalls {
		rows = append(rows, [2]string{p.Name, p.About})
	}
	return rows
}

var (
	generatedPart = regexp.MustCompile(`(?s)<!-- generated: ([a-z ]+) -->\n.*?<!-- end -->`)
	contentsPart  = regexp.MustCompile(`(?s)<!-- contents -->\n.*?<!-- end -->`)
	codeBlock     = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	headings      = regexp.MustCompile(`(?m)^(###?) (.+)$`)
	notInAnchor   = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// contents links to the page's sections and the sections below these.
func contents(page string) string {
	var b strings.Builder
	for _, m := range headings.FindAllStringSubmatch(codeBlock.ReplaceAllString(page, ""), -1) {
		anchor := strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(m[2]), ""), " ", "-")
		b.WriteString(strings.Repeat("  ", len(m[1])-2) + "- [" + m[2] + "](#" + anchor + ")\n")
	}
	return b.String()
}

// table has a row for each pair of a name and what it means.
func table(name, meaning string, rows [][2]string) string {
	var b strings.Builder
	b.WriteString("| " + name + " | " + meaning + " |\n|---|---|\n")
	for _, row := range rows {
		b.WriteString("| `" + row[0] + "` | " + row[1] + " |\n")
	}
	return b.String()
}
