package ldapcache

import (
	"strings"

	"golang.org/x/net/idna"
)

// inAllLabels returns the addresses, and of one whose domain has A-labels (RFC
// 5890) the form with U-labels too: a server compares letters, and an entry may
// have either.
func inAllLabels(addresses ...string) []string {
	all := make([]string, 0, len(addresses))
	for _, address := range addresses {
		all = append(all, address)
		at := strings.LastIndexByte(address, '@')
		if !strings.Contains(address[at+1:], "xn--") {
			continue
		}
		if domain, err := idna.Punycode.ToUnicode(address[at+1:]); err == nil && domain != address[at+1:] {
			all = append(all, address[:at+1]+domain)
		}
	}
	return all
}
