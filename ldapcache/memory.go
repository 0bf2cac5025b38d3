package ldapcache

import (
	"slices"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache/spelling"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// Memory tells what a directory has said before, without asking it.
type Memory interface { //nolint:interfacebloat // each command asks its part
	// Source says where answers come from now, for people.
	Source() string
	// SenderAsked and ListAsked are when what is known about a login, or an address, was
	// asked, or when the file that says it was changed; zero: nothing is known.
	SenderAsked(login string) time.Time
	ListAsked(address string) time.Time
	// Logins and ListAddresses are those known that begin with prefix, in order, most of
	// them at most.
	Logins(prefix string, most int) []string
	ListAddresses(prefix string, most int) []string
	// LoginsOf finds the logins of senders, by their [quota.Sender.ID]; of one with
	// several logins, any. Those that are not known are left out.
	LoginsOf(ids map[string]struct{}) map[string]string
	// LoginOfAddress finds the login of the sender who has an address; empty: that is not
	// known, or several have it.
	LoginOfAddress(address string) string
}

// Source implements [Memory].
func (d *Cached) Source() string {
	for _, server := range d.Servers() {
		if server.Up && server.InUse {
			return server.URL
		}
	}
	return "LDAP"
}

// SenderAsked implements [Memory].
func (d *Cached) SenderAsked(login string) time.Time {
	key, _ := spelling.Login(login)
	return d.senders.asked(key)
}

// ListAsked implements [Memory].
func (d *Cached) ListAsked(address string) time.Time { return d.lists.asked(address) }

// Logins implements [Memory].
func (d *Cached) Logins(prefix string, most int) []string {
	return d.senders.keys(strings.ToLower(prefix), most)
}

// ListAddresses implements [Memory].
func (d *Cached) ListAddresses(prefix string, most int) []string {
	return d.lists.keys(strings.ToLower(prefix), most)
}

// LoginsOf implements [Memory].
func (d *Cached) LoginsOf(ids map[string]struct{}) map[string]string {
	logins := map[string]string{}
	for _, login := range d.senders.entries.Keys() {
		if e, ok := d.senders.entries.Peek(login); ok && e.err == nil {
			if _, wanted := ids[e.value.ID]; wanted {
				logins[e.value.ID] = login
			}
		}
	}
	return logins
}

// LoginOfAddress implements [Memory]. Of one sender with several logins, any is found.
func (d *Cached) LoginOfAddress(address string) (login string) {
	key, id := mailaddr.PersonKey(address), ""
	for _, candidate := range d.senders.entries.Keys() {
		e, ok := d.senders.entries.Peek(candidate)
		if !ok || e.err != nil || !slices.Contains(e.value.Addresses, key) {
			continue
		}
		if login != "" && e.value.ID != id {
			return ""
		}
		login, id = candidate, e.value.ID
	}
	return login
}

// asked is when the directory was asked about a key, as far as the answer is remembered.
func (c *cache[V]) asked(key string) time.Time {
	if e, ok := c.entries.Peek(key); ok {
		return e.asked
	}
	return time.Time{}
}

// keys are those with a prefix that are remembered as found, in order, most of them at
// most.
func (c *cache[V]) keys(prefix string, most int) []string {
	var found []string
	for _, key := range c.entries.Keys() {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if e, ok := c.entries.Peek(key); ok && e.err == nil {
			found = append(found, key)
		}
	}
	slices.Sort(found)
	return found[:min(len(found), most)]
}
