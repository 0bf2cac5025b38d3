package ldapcache

import (
	"regexp"
	"strings"
)

// uaiShape is the "unité administrative immatriculée" of the French ministry of
// education, seven digits and a letter, with or without the label that SUPANN
// gives it. The letter, a checksum, is not checked: directories hold made-up ones.
var uaiShape = regexp.MustCompile(`^(?:\{[Uu][Aa][Ii]\})?([0-9]{7}[A-Za-z])$`)

// parseUAI returns a UAI in its one spelling, "0310001A". It reports false for
// what is none.
func parseUAI(text string) (string, bool) {
	match := uaiShape.FindStringSubmatch(strings.TrimSpace(text))
	if match == nil {
		return "", false
	}
	return strings.ToUpper(match[1]), true
}

// oneSpelling returns a UAI in its one spelling, and any other name of a school as
// it is written, without the space around it.
func oneSpelling(school string) string {
	if uai, ok := parseUAI(school); ok {
		return uai
	}
	return strings.TrimSpace(school)
}

// spellings are the ways in which directories write a UAI; they do not heed case.
func spellings(uai string) []string { return []string{uai, "{UAI}" + uai} }
