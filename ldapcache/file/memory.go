package file

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// Source says that answers come from the file.
func (d *Directory) Source() string { return "the file " + d.path }

// SenderAsked is when the file was changed that is known.
func (d *Directory) SenderAsked(string) time.Time { return d.changed() }

// ListAsked is the same.
func (d *Directory) ListAsked(string) time.Time { return d.changed() }

func (d *Directory) changed() time.Time {
	if info := d.content.Load().info; info != nil {
		return info.ModTime()
	}
	return time.Time{}
}

// Logins are those of the file that begin with prefix, in order, most of them at most.
func (d *Directory) Logins(prefix string, most int) []string {
	return beginning(maps.Keys(d.content.Load().senders), prefix, most)
}

// ListAddresses are the same of lists.
func (d *Directory) ListAddresses(prefix string, most int) []string {
	return beginning(maps.Keys(d.content.Load().lists), prefix, most)
}

// LoginsOf finds the logins of senders by their names in the directory, which are their
// logins.
func (d *Directory) LoginsOf(ids map[string]struct{}) map[string]string {
	logins := map[string]string{}
	known := d.content.Load().senders
	for id := range ids {
		if _, ok := known[id]; ok {
			logins[id] = id
		}
	}
	return logins
}

// LoginOfAddress finds the login of the one sender who has an address; empty: nobody has it,
// or several have.
func (d *Directory) LoginOfAddress(address string) (login string) {
	key := mailaddr.PersonKey(address)
	for candidate, sender := range d.content.Load().senders {
		if slices.Contains(sender.Addresses, key) {
			if login != "" {
				return ""
			}
			login = candidate
		}
	}
	return login
}

func beginning(keys iter.Seq[string], prefix string, most int) []string {
	prefix = strings.ToLower(prefix)
	found := slices.Sorted(func(yield func(string) bool) {
		for key := range keys {
			if strings.HasPrefix(key, prefix) && !yield(key) {
				return
			}
		}
	})
	return found[:min(len(found), most)]
}
