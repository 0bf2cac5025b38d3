//go:build servers

package reload

import (
	"fmt"
	"strings"
)

// Every good configuration lets pass mostRecipients in a message, and refuses tooMany.
const (
	mostRecipients = 20
	tooMany        = 60
)

// configs are the configurations that take turns.
type configs struct {
	dir   string
	http  string // address
	store string // table
}

// base is the first configuration; each good one is a change of it.
func (c *configs) base() string {
	return fmt.Sprintf(`state_dir = %q
[control]
socket = "%s/control.sock"
[http]
address = %q
[[listen]]
address = "unix:%s/milter.sock"
mode = "0666"
[class.all]
recipients = 30
[[class.all.window]]
per = "24h"
recipients = 100000
count = "copies"
[premium]
per_establishment = 3
[replies]
language = "en"
[log]
level = "info"
`, c.dir, c.dir, c.http, c.dir) + c.store
}

// good changes the base in one way after the other.
func (c *configs) good(i int) string {
	base := c.base()
	change := func(old, next string) string { return strings.Replace(base, old, next, 1) }
	variants := []string{
		base,
		change("recipients = 30", "recipients = 45"),
		change(`language = "en"`, `language = "fr"`),
		change("[class.all]", "[[listen]]\naddress = \"unix:"+c.dir+"/second.sock\"\n[class.all]"),
		change("[log]", "[lists]\ndomains = [\"listes.test\"]\n[log]"),
		change("[log]", "[directory]\nttl = \"1m\"\n[log]"),
		change("[class.all]", "[class.premium]\nrecipients = 50\n[class.all]"),
		base + "[[class.all.window]]\nper = \"1h\"\nrecipients = 90000\ncount = \"distinct\"\n",
		change("per_establishment = 3", "per_establishment = 4\nactivation = \"immediate\""),
		"hostname = \"relay1\"\n" + change("[log]", "[history]\nkeep = \"48h\"\n[log]"),
		change("[log]", "[history]\nkeep = \"0s\"\n[log]"),
		change(`level = "info"`, "level = \"info\"\nformat = \"json\""),
	}
	if strings.Contains(c.store, "timeout") {
		variants = append(variants, change("timeout = \"5s\"", "timeout = \"6s\""))
	}
	return variants[i%len(variants)]
}

// broken are mistakes of every kind: of the syntax, a key, a value, a file, a socket.
func (c *configs) broken(i int) string {
	base := c.base()
	change := func(old, next string) string { return strings.Replace(base, old, next, 1) }
	variants := []string{
		base + "[class.all\n",
		base + "surname = 1\n",
		change("recipients = 30", "recipients = -1"),
		change("recipients = 30", "recipients = \"many\""),
		change("per = \"24h\"", "per = \"24 hours\""),
		change("[log]", "[directory]\nfile = \"none.toml\"\n[log]"),
		change("[log]", "[directory]\nsource = \"ldap\"\n[log]"),
		change("milter.sock", "rcptquota.toml"),
		change("[class.all]", "[[listen]]\naddress = \"unix:"+c.dir+"/none/s.sock\"\n[class.all]"),
		change(c.http, "192.0.2.1:1"),
		change("[log]", "[log]\nfile = \"none/log\""),
		change(`language = "en"`, `language = "en"`+"\nwindow = \"{nobody}\""),
		"",
	}
	variant := variants[i%len(variants)]
	if variant == "" {
		return "listen = 7\n"
	}
	return variant
}

// full is a configuration by which every message is told how much is counted.
func (c *configs) full() string {
	return strings.Replace(c.base(), "recipients = 100000", "recipients = 1", 1)
}
