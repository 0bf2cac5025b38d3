package spelling

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxLogin is the longest login, in bytes, that a directory is asked for.
const maxLogin = 1024

// Login returns the one spelling under which a login is asked for and remembered:
// directories match logins without regard to case. It reports false for what cannot
// be a login. One in lower case costs no allocation.
func Login(text string) (string, bool) {
	if text == "" || len(text) > maxLogin || strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
		return "", false
	}
	return strings.ToLower(text), true
}

// uaiShape is the "unité administrative immatriculée" of the French ministry of
// education, seven digits and a letter, with or without the label that SUPANN
// gives it. The letter, a checksum, is not checked: directories hold made-up ones.
var uaiShape = regexp.MustCompile(`^(?:\{[Uu][Aa][Ii]\})?([0-9]{7}[A-Za-z])$`)

// UAI returns a school's UAI as in "0310001A". It reports false for what is none.
func UAI(text string) (string, bool) {
	match := uaiShape.FindStringSubmatch(strings.TrimSpace(text))
	if match == nil {
		return "", false
	}
	return strings.ToUpper(match[1]), true
}

// UAIForms are the forms in which directories write a UAI; they do not heed case.
func UAIForms(uai string) []string { return []string{uai, "{UAI}" + uai} }

// School returns a UAI as [UAI] does, and any other name of a school as it is
// written, without the space around it.
func School(text string) string {
	if uai, ok := UAI(text); ok {
		return uai
	}
	return strings.TrimSpace(text)
}

// IsAddress reports whether an envelope may carry an address (RFC 5321 section
// 4.1.2). Those with spaces or brackets in quotes are left out.
func IsAddress(text string) bool {
	at := strings.LastIndexByte(text, '@')
	return at >= 1 && at < len(text)-1 && !strings.ContainsAny(text, " \t\r\n<>,;")
}
