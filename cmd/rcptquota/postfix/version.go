package postfix

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Version is that of Postfix: 3.7.11 is {3, 7, 11}, and the snapshot 3.12-20260101 is
// {3, 12, 0}.
type Version [3]int

// ParseVersion reads the value of mail_version.
func ParseVersion(text string) (v Version, err error) {
	release, _, _ := strings.Cut(text, "-")
	parts := strings.Split(release, ".")
	if len(parts) < 2 || len(parts) > len(v) {
		return v, fmt.Errorf("mail_version is %q, which is no version", text)
	}
	for i, part := range parts {
		if v[i], err = strconv.Atoi(part); err != nil {
			return v, fmt.Errorf("mail_version is %q, which is no version", text)
		}
	}
	return v, nil
}

// String writes the version as mail_version does.
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

// Before reports whether v is older than another version.
func (v Version) Before(other Version) bool { return slices.Compare(v[:], other[:]) < 0 }
