package postfix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota"
)

func submissionWithout(c *situation) []Finding {
	socket, found := c.wanted.socket(quota.Submission)
	if !found {
		return nil
	}
	return c.eachService(func(s *service) []Finding {
		if len(c.asks(s)) > 0 || s.invalid != nil || c.judgedBehind(s, false) {
			return nil
		}
		return one("Users log in here, and rcptquota is not asked: whoever is refused on another service sends here instead",
			c.ask(s, &socket)...)
	}, submission)
}

func port25Without(c *situation) []Finding {
	socket, found := c.wanted.socket(quota.Inbound)
	if !found || len(c.wanted.ListDomains) == 0 {
		return nil // listDomains has the second case
	}
	return c.eachService(func(s *service) []Finding {
		if len(c.asks(s)) > 0 || s.invalid != nil || c.judgedBehind(s, true) {
			return nil
		}
		return one("Mail from elsewhere comes in here, and rcptquota is not asked: anybody can write to the lists of "+c.domains(),
			c.ask(s, &socket)...)
	}, mx)
}

func listDomains(c *situation) []Finding {
	if _, found := c.wanted.socket(quota.Inbound); found || len(c.wanted.ListDomains) == 0 {
		return nil
	}
	all := c.eachService(func(s *service) []Finding {
		if len(c.asks(s)) > 0 {
			return nil
		}
		return one("Mail from elsewhere comes in here, and rcptquota has no socket for it: anybody can write to the lists of " + c.domains())
	}, mx)
	socket := Socket{Address: "inet:127.0.0.1:8892", Role: quota.Inbound}
	for i := range all {
		all[i].Configure = []string{"[[listen]]", fmt.Sprintf("address = %q", socket.Address), `role = "inbound"`}
		all[i].Write = []string{c.command("-P", all[i].Services[0]+"/smtpd_milters="+c.milterFor(&socket))}
	}
	return all
}

// domains are the list domains, for a sentence.
func (c *situation) domains() string { return strings.Join(c.wanted.ListDomains, ", ") }

func loginOnPort25(c *situation) []Finding {
	return c.eachService(func(s *service) []Finding {
		if !s.is("smtpd_sasl_auth_enable") || !c.asksRole(s, true) || c.asksRole(s, false) {
			return nil
		}
		return one("Users can log in here, and nothing is counted, since it asks the inbound socket",
			c.setOwn(s, "smtpd_sasl_auth_enable", "no"))
	}, mx)
}

func wrongSocket(c *situation) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		inbound, found := c.wanted.socket(quota.Inbound)
		submissions, _ := c.wanted.socket(quota.Submission)
		switch r := c.role(a.service); {
		case r == submission && a.socket.isInbound() && !c.asksRole(a.service, false):
			return one("Users log in here, and nothing is counted, since it asks the inbound socket",
				c.replace(a, &submissions))
		case r == mx && !a.socket.isInbound() && !a.is("smtpd_sasl_auth_enable"):
			to := &inbound
			if !found {
				to = nil
			}
			return one("Nobody logs in here, and it asks the socket of submission: with unauthenticated = \"refuse\" all mail from elsewhere is refused, and one list refuses a whole message",
				c.replace(a, to))
		}
		return nil
	})
}

// judgedBehind reports whether the mail of a service is judged after its before-queue
// filter, where it comes back.
func (c *situation) judgedBehind(s *service, inbound bool) bool {
	return s.values["smtpd_proxy_filter"] != "" && slices.ContainsFunc(c.services, func(back *service) bool {
		return c.role(back) == wayBack && c.asksRole(back, inbound)
	})
}

// ask has a service ask a socket: last, but before a milter that signs.
func (c *situation) ask(s *service, socket *Socket) (write []string) {
	list := s.entries()
	if !slices.ContainsFunc(s.milters, func(m milter) bool { return same(socket.Address, m.address, c.main["queue_directory"]) }) {
		place := slices.IndexFunc(list, func(entry string) bool { return kindOf(entry) == signs })
		if place < 0 {
			place = len(list)
		}
		write = append(write, c.setList(s, strings.Join(slices.Insert(list, place, c.milterFor(socket)), ",")))
	}
	if s.overrides("no_milters") {
		words := strings.FieldsFunc(s.values["receive_override_options"], isSeparator)
		words = slices.DeleteFunc(words, func(w string) bool { return w == "no_milters" })
		write = append(write, c.set(s, "receive_override_options", strings.Join(words, ",")))
	}
	return write
}

// replace has a service ask another socket of ours in the place of one; nil: none.
func (c *situation) replace(a asked, socket *Socket) string {
	list := make([]string, 0, len(a.milters))
	for i, m := range a.milters {
		switch {
		case i != a.index:
			list = append(list, m.String())
		case socket != nil:
			list = append(list, c.milterFor(socket))
		}
	}
	return c.setList(a.service, strings.Join(list, ","))
}

// entries are the service's milters as they are written, each without white space.
func (s *service) entries() (list []string) {
	raw, err := split(s.raw["smtpd_milters"])
	if err != nil {
		return nil
	}
	for _, entry := range raw {
		if m, err := parseMilter(entry); err == nil {
			entry = m.String()
		}
		list = append(list, entry)
	}
	return list
}

func milterSyntax(c *situation) []Finding {
	return c.eachService(func(s *service) []Finding {
		if s.invalid == nil {
			return nil
		}
		socket, found := c.wanted.socket(quota.Submission)
		if c.role(s) != submission {
			socket, found = c.wanted.socket(quota.Inbound)
		}
		list := ""
		if found {
			list = c.milterFor(&socket)
		}
		return one("smtpd_milters cannot be read: "+s.invalid.Error(), c.setList(s, list))
	})
}
