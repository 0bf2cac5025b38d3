package pitfall

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
)

// levels are the groups in groups that the tables of deploy/postfix follow.
const levels = 10

func sendmail(c *situation) []Finding {
	users := c.Main["authorized_submit_users"]
	if len(c.wanted.ListDomains) == 0 || !slices.ContainsFunc(postfix.Words(users), letsAll) {
		return nil
	}
	return one("authorized_submit_users is "+users+": sendmail(1) asks no milter, so every user of this machine can write to every list",
		c.command("-e", "authorized_submit_users=root"), "# and the users whose programs send mail, such as root,www-data,sympa")
}

// letsAll reports whether an entry of authorized_submit_users stands for everybody.
func letsAll(entry string) bool { return strings.HasPrefix(entry, "static:") }

func recipientDelimiter(c *situation) []Finding {
	if len(c.wanted.ListDomains) == 0 {
		return nil
	}
	delimiters := c.Main["recipient_delimiter"]
	if strings.Trim(delimiters, c.wanted.RecipientDelimiter) == "" {
		return nil
	}
	return []Finding{{
		Sentence: fmt.Sprintf("recipient_delimiter is %q, and %q in rcptquota.toml: Postfix takes parents%cx@ for the list parents@, and rcptquota does not",
			delimiters, c.wanted.RecipientDelimiter, strings.Trim(delimiters, c.wanted.RecipientDelimiter)[0]),
		Configure: []string{"[senders]", fmt.Sprintf("recipient_delimiter = %q", delimiters)},
	}}
}

// expander is the cleanup(8) that replaces most addresses by others, if any does.
func (c *situation) expander() (most *postfix.Service, limit int) {
	for _, s := range c.Services {
		n, err := strconv.Atoi(s.Values["virtual_alias_expansion_limit"])
		if s.Program == "cleanup" && s.Values["virtual_alias_maps"] != "" && err == nil && (most == nil || n > limit) {
			most, limit = s, n
		}
	}
	return most, limit
}

func expansionLimit(c *situation) (all []Finding) {
	s, limit := c.expander()
	if s == nil {
		return nil
	}
	for _, list := range slices.Sorted(maps.Keys(c.wanted.Members)) {
		if n := c.wanted.Members[list]; n > limit {
			all = append(all, Finding{
				Services: []string{s.String()},
				Sentence: fmt.Sprintf("virtual_alias_expansion_limit is %d, and %s has %d members: if Postfix expands it, no post to it leaves", limit, list, n),
				Write:    []string{c.set(s, "virtual_alias_expansion_limit", strconv.Itoa(2*n))},
			})
		}
	}
	return all
}

func recursionLimit(c *situation) (all []Finding) {
	for _, s := range c.Services {
		n, err := strconv.Atoi(s.Values["virtual_alias_recursion_limit"])
		if len(c.wanted.ListDomains) == 0 || s.Program != "cleanup" || s.Values["virtual_alias_maps"] == "" || err != nil || n >= levels {
			continue
		}
		all = append(all, Finding{
			Services: []string{s.String()},
			Sentence: fmt.Sprintf("virtual_alias_recursion_limit is %d: a list with more levels of groups or aliases is not expanded, and posts to it wait", n),
			Write:    []string{c.set(s, "virtual_alias_recursion_limit", "1000")},
		})
	}
	return all
}
