package pitfall

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
)

// leastConnect is how much longer than a restart Postfix should wait for a connection.
const leastConnect = 5 * time.Second

// setting is what holds for our milter: its own option, or else the parameter
// milter_NAME of the service.
func (a *asked) setting(name string) (value, where string) {
	if value, set := a.milter.Option(name); set {
		return value, name
	}
	return a.Values["milter_"+name], "milter_" + name
}

// right is our milter as it should be: the address and settings that are good stay.
func (c *situation) right(a asked) postfix.Milter {
	m := a.milter
	if c.actionFault(a) != "" {
		m = m.With("default_action", "tempfail")
	}
	for _, t := range c.times() {
		if d, err := a.timeout(t.name); err != nil || d < t.least {
			m = m.With(t.name, t.good)
		}
	}
	if a.protocol() < 6 {
		m = m.With("protocol", "6")
	}
	if c.Path(a.Service, m.Address) != postfix.Plain(strings.TrimPrefix(a.socket.Address, "unix:")) && strings.HasPrefix(m.Address, "unix:") {
		m.Address = c.addressFor(&a.socket)
	}
	return m
}

// correct has the service ask us as it should.
func (c *situation) correct(a asked) []string {
	m := c.right(a)
	return c.change(a.Service, a.index, &m)
}

func defaultAction(c *situation) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		fault := c.actionFault(a)
		if fault == "" {
			return nil
		}
		value, where := a.setting("default_action")
		return one(fmt.Sprintf("%s is %s: while rcptquota is away, %s", where, value, fault), c.correct(a)...)
	})
}

// actionFault is what is wrong with the default action; empty: nothing.
func (c *situation) actionFault(a asked) string {
	value, _ := a.setting("default_action")
	switch value {
	case "tempfail":
		return ""
	case "shutdown":
		if c.Version.Before(withShutdown) {
			return fmt.Sprintf("Postfix %s does what it does with any word that it does not know", c.Version)
		}
		return ""
	case "accept":
		return "mail passes uncounted, and everybody can write to lists"
	case "reject":
		return "Postfix refuses all mail for good"
	case "quarantine":
		return "mail is held, and passes uncounted when it is released"
	}
	return "Postfix does what it does with any word that it does not know"
}

// waiting is how long Postfix should wait for us, at least.
type waiting struct {
	name  string
	least time.Duration
	why   string
	good  string // what deploy/postfix has, or Postfix's default
}

func (c *situation) times() []waiting {
	answer := fmt.Sprintf("rcptquota may take %s for an answer", c.wanted.Answer)
	return []waiting{
		{"connect_timeout", c.wanted.Restart + leastConnect, fmt.Sprintf("a restart of rcptquota may take %s", c.wanted.Restart), "30s"},
		{"command_timeout", c.wanted.Answer + time.Second, answer, "15s"},
		{"content_timeout", c.wanted.Answer + time.Second, answer, "300s"},
	}
}

func timeouts(c *situation) []Finding {
	return c.eachAsked(func(a asked) (all []Finding) {
		for _, t := range c.times() {
			value, where := a.setting(t.name)
			if d, err := a.timeout(t.name); err == nil && d >= t.least {
				continue
			}
			all = append(all, one(fmt.Sprintf("%s is %s, less than %s: %s, and Postfix would answer 451 before", where, value, t.least, t.why), c.correct(a)...)...)
		}
		return all
	})
}

// timeout is how long Postfix waits for us.
func (a *asked) timeout(name string) (time.Duration, error) {
	value, _ := a.setting(name)
	return parseTime(value)
}

// parseTime reads a time value of postconf(5): a number and a unit, seconds without.
func parseTime(value string) (time.Duration, error) {
	digits := strings.TrimRight(value, "smhdw")
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no time", value)
	}
	units := map[string]time.Duration{
		"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
	}
	unit, known := units[cmp.Or(value[len(digits):], "s")]
	if !known {
		return 0, fmt.Errorf("%q is no time", value)
	}
	return time.Duration(n) * unit, nil
}

func milterProtocol(c *situation) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		if a.protocol() >= 6 {
			return nil
		}
		value, where := a.setting("protocol")
		return one(fmt.Sprintf("%s is %s, not 6: rcptquota may not see DATA, and can then refuse a message only once it has come whole", where, value),
			c.correct(a)...)
	})
}

// protocol is the version of the milter protocol; 0 is none that Postfix knows.
func (a *asked) protocol() int {
	value, _ := a.setting("protocol")
	first, _, _ := strings.Cut(strings.TrimSpace(value), " ")
	n, _ := strconv.Atoi(strings.Trim(first, ",")) // 0 is below all
	return n
}

func milterMaps(c *situation) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		if a.Values["smtpd_milter_maps"] == "" {
			return nil
		}
		return one("smtpd_milter_maps may switch rcptquota off for some clients; exempt_networks in rcptquota.toml exempts them from counting, and still logs their mail",
			c.set(a.Service, "smtpd_milter_maps", ""))
	})
}
