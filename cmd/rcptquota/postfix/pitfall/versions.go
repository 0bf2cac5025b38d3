package pitfall

import (
	"fmt"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
)

// forgetsMilters is, for each series of Postfix, the first version in which a client
// cannot go on without milters after smtpd_end_of_data_restrictions refused its
// message. Older series have no such version.
var forgetsMilters = []postfix.Version{{3, 7, 22}, {3, 8, 20}, {3, 9, 14}, {3, 10, 13}, {3, 11, 6}}

// fixedIn is the version of the same series, or of a later one, that does not forget its
// milters; ok is false if v does not either.
func fixedIn(v postfix.Version) (first postfix.Version, ok bool) {
	for _, first := range forgetsMilters {
		if v[0] == first[0] && v[1] <= first[1] {
			return first, v.Before(first)
		}
	}
	return forgetsMilters[0], v.Before(forgetsMilters[0])
}

// withShutdown is the first version whose milters may have default_action=shutdown.
var withShutdown = postfix.Version{3, 11, 0}

func oldPostfix(c *situation) []Finding {
	fixed, old := fixedIn(c.Version)
	if !old {
		return nil
	}
	return c.eachAsked(func(a asked) []Finding {
		if a.Values["smtpd_end_of_data_restrictions"] == "" {
			return nil
		}
		return one(fmt.Sprintf("Postfix %s is older than %s: as its release notes say, a client whose message smtpd_end_of_data_restrictions refused can go on with RCPT and DATA, without any milter",
			c.Version, fixed), fmt.Sprintf("# install Postfix %s or later; until then:", fixed), c.set(a.Service, "smtpd_end_of_data_restrictions", ""))
	})
}
