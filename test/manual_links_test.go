package test_test

import (
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	codeBlock   = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	pageLink    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading     = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestLinksOfTheManual follows each link of the pages to a file and a heading of ours.
func TestLinksOfTheManual(t *testing.T) {
	pages := manualPages(t)
	for page, text := range pages {
		for _, m := range pageLink.FindAllStringSubmatch(text, -1) {
			link, err := url.Parse(m[1])
			if err != nil || link.Scheme != "" {
				continue
			}
			target := page
			if link.Path != "" {
				target = path.Join(path.Dir(page), link.Path)
			}
			if _, err := fs.Stat(house, target); err != nil {
				t.Errorf("%s: %s: %v", page, m[1], err)
			}
			if link.Fragment != "" && !anchors(pages[target])[link.Fragment] {
				t.Errorf("%s: %s: no such heading", page, m[1])
			}
		}
	}
}

// manualPages are the Markdown files, by their names in the house, without code.
func manualPages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"*.md", "deploy/postfix/*.md"} {
		names, err := fs.Glob(house, pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(house, name)
			if err != nil {
				t.Fatal(err)
			}
			pages[name] = codeBlock.ReplaceAllString(string(text), "")
		}
	}
	return pages
}

// anchors are those that GitHub gives the headings of a page; each is there once.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		all[strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return all
}
