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

// parseVersion reads the value of mail_version.
func parseVersion(text string) (v Version, err error) {
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

// before reports whether v is older than another version.
func (v Version) before(other Version) bool { return slices.Compare(v[:], other[:]) < 0 }

// forgetsMilters is, for each series of Postfix, the first version in which a client
// cannot go on without milters after smtpd_end_of_data_restrictions refused its
// message. Older series have no such version.
var forgetsMilters = []Version{{3, 7, 22}, {3, 8, 20}, {3, 9, 14}, {3, 10, 13}, {3, 11, 6}}

// mended is the version of the same series, or of a later one, that does not forget its
// milters; ok is false if v does not either.
func (v Version) mended() (first Version, ok bool) {
	for _, first := range forgetsMilters {
		if v[0] == first[0] && v[1] <= first[1] {
			return first, v.before(first)
		}
	}
	return forgetsMilters[0], v.before(forgetsMilters[0])
}

// withShutdown is the first version whose milters may have default_action=shutdown.
var withShutdown = Version{3, 11, 0}
