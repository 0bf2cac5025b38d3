package ldap

import (
	"context"
	"regexp"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/errgroup"

	"github.com/rcptquota/rcptquota/ldapcache/ldap/failover"
)

// Where Postfix expands lists with the tables of deploy/postfix, a member gets copies
// only at plain addresses. The rules here are those of lists-members.cf and
// lists-plain.regexp, so that "rcptquota check" can tell which members get no copy.

const (
	// maxLevels is how many levels of groups Postfix follows, the list's among
	// them: recursion_limit.
	maxLevels = 10
	// maxAddress is the longest address, in bytes (RFC 5321 section 4.5.3.1.3, less
	// the brackets).
	maxAddress = 254
	// plainAddress is an address without quotes, routes, comments and anything else
	// that means more to Postfix than a mailbox.
	plainAddress = `[a-z0-9_][a-z0-9_.+=&'*~^#-]*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z0-9]`
)

// plainAddresses are those of one entry, with commas between them.
var plainAddresses = regexp.MustCompile(`(?i)^(` + plainAddress + `(,` + plainAddress + `){0,4})$`)

// Copies tells which members of a list Postfix sends no copy.
type Copies struct {
	// Unusable are the entries whose addresses are not all plain, too many, or in a
	// list domain.
	Unusable []Unusable
	// Endless are the groups that are members of themselves, or beyond what Postfix
	// follows: no post leaves while there are any.
	Endless []string
}

// Unusable is an entry whose addresses get no copy.
type Unusable struct {
	DN        string
	Addresses []string // as written
}

// Copies follows the members of the list that has an address, down to persons. The
// domains are those of lists, in lower case. Like [Directory.Designations], it uses a
// connection of its own, and any time that the directory needs.
func (d *Directory) Copies(ctx context.Context, address string, domains []string) (copies Copies, err error) {
	slow, err := d.openSlow()
	if err != nil {
		return copies, err
	}
	defer slow.Close()
	return slow.copies(ctx, address, domains)
}

func (d *Directory) copies(ctx context.Context, address string, domains []string) (copies Copies, err error) {
	members, err := failover.Answer(ctx, d.client, func(conn *goldap.Conn) ([]string, error) {
		entries, _, err := d.listEntries(conn, []string{address})
		if err != nil || len(entries[0]) != 1 {
			return nil, err
		}
		members, _, err := d.members(conn, entries[0][0], d.memberAttributes(), maxDesignated)
		return members, err
	})
	persons := map[string]bool{} // seen
	for level := 2; err == nil && len(members) > 0; level++ {
		var next []string
		for some := range slices.Chunk(members, maxReferences) {
			found, failed := failover.Answer(ctx, d.client, func(conn *goldap.Conn) ([]memberEntry, error) { return d.memberEntries(conn, some) })
			if failed != nil {
				return copies, failed
			}
			for _, m := range found {
				switch {
				case len(m.members) > 0 && level < maxLevels:
					next = append(next, m.members...)
				case len(m.members) > 0:
					copies.Endless = append(copies.Endless, m.dn)
				case !persons[m.dn] && !usable(m.addresses, domains):
					copies.Unusable = append(copies.Unusable, Unusable{DN: m.dn, Addresses: m.addresses})
				}
				persons[m.dn] = len(m.members) == 0
			}
		}
		slices.Sort(next)
		members = slices.Compact(next)
	}
	return copies, err
}

func (d *Directory) memberAttributes() []string {
	return once(d.config.ListMembers, d.config.GroupMembers)
}

// memberEntry is the entry of a member: a group, where it has members itself.
type memberEntry struct {
	dn        string
	addresses []string // as written
	members   []string
}

// memberEntries reads the entries of DNs; what is not there is left out.
func (d *Directory) memberEntries(conn *goldap.Conn, dns []string) ([]memberEntry, error) {
	all := make([]memberEntry, len(dns))
	var searches errgroup.Group
	searches.SetLimit(maxConcurrent)
	for i, dn := range dns {
		searches.Go(func() error {
			entry, err := d.read(conn, dn, anyEntry, once(d.config.UserAddresses, d.memberAttributes()))
			if err != nil || entry == nil {
				return err
			}
			members, _, err := d.members(conn, entry, d.memberAttributes(), maxDesignated)
			all[i] = memberEntry{dn: entry.DN, addresses: d.written(entry), members: members}
			return err
		})
	}
	err := searches.Wait()
	return slices.DeleteFunc(all, func(m memberEntry) bool { return m.dn == "" }), err
}

// written are the addresses of an entry, as written there. Those of AD's proxyAddresses
// have a type: only "smtp:" gets mail.
func (d *Directory) written(entry *goldap.Entry) (all []string) {
	for _, attribute := range d.config.UserAddresses {
		for _, value := range valuesIn(entry, []string{attribute}) {
			ok := true
			if strings.EqualFold(attribute, "proxyAddresses") {
				value, ok = withoutType(value)
			}
			if ok && !slices.ContainsFunc(all, func(other string) bool { return strings.EqualFold(other, value) }) {
				all = append(all, value)
			}
		}
	}
	return all
}

// usable reports whether an entry with these addresses gets its copies. One without
// addresses is not supposed to get any.
func usable(addresses, domains []string) bool {
	if len(addresses) == 0 {
		return true
	}
	if !plainAddresses.MatchString(strings.Join(addresses, ",")) {
		return false
	}
	return !slices.ContainsFunc(addresses, func(address string) bool {
		_, domain, _ := strings.Cut(strings.ToLower(address), "@")
		return len(address) > maxAddress || within(domain, "invalid") ||
			slices.ContainsFunc(domains, func(list string) bool { return within(domain, list) })
	})
}

// within reports whether a domain is another or a subdomain of it.
func within(domain, other string) bool {
	return domain == other || strings.HasSuffix(domain, "."+other)
}
