package pitfall

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
	"github.com/rcptquota/rcptquota/quota"
)

func submissionWithout(c *situation) []Finding {
	socket, found := c.wanted.SocketOf(quota.Submission)
	if !found {
		return nil
	}
	return c.eachService(func(s *postfix.Service) []Finding {
		if len(c.asks(s)) > 0 || s.Invalid != nil || c.judgedBehind(s, false) {
			return nil
		}
		return one("Users log in here, and rcptquota is not asked: whoever is refused on another service sends here instead",
			c.ask(s, &socket)...)
	}, postfix.Submission)
}

func port25Without(c *situation) []Finding {
	socket, found := c.wanted.SocketOf(quota.Inbound)
	if !found || len(c.wanted.ListDomains) == 0 {
		return nil // listDomains has the second case
	}
	return c.eachService(func(s *postfix.Service) []Finding {
		if len(c.asks(s)) > 0 || s.Invalid != nil || c.judgedBehind(s, true) {
			return nil
		}
		return one("Mail from elsewhere comes in here, and rcptquota is not asked: anybody can write to the lists of "+c.domains(),
			c.ask(s, &socket)...)
	}, postfix.MX)
}

func listDomains(c *situation) []Finding {
	if _, found := c.wanted.SocketOf(quota.Inbound); found || len(c.wanted.ListDomains) == 0 {
		return nil
	}
	all := c.eachService(func(s *postfix.Service) []Finding {
		if len(c.asks(s)) > 0 {
			return nil
		}
		return one("Mail from elsewhere comes in here, and rcptquota has no socket for it: anybody can write to the lists of " + c.domains())
	}, postfix.MX)
	socket, configured := c.inboundSocket()
	for i := range all {
		all[i].Configure = []string{"[[listen]]", fmt.Sprintf("address = %q", configured), `role = "inbound"`}
		all[i].Write = []string{c.command("-P", all[i].Services[0]+"/smtpd_milters="+c.milterFor(&socket))}
	}
	return all
}

// inboundSocket is a socket for mail from elsewhere beside that of submission, and its
// address in rcptquota.toml.
func (c *situation) inboundSocket() (socket postfix.Socket, configured string) {
	beside, _ := c.wanted.SocketOf(quota.Submission)
	socket = postfix.Socket{Address: "inet:127.0.0.1:8892", Role: quota.Inbound}
	if path, unix := strings.CutPrefix(beside.Address, "unix:"); unix {
		socket.Address = "unix:" + filepath.Join(filepath.Dir(path), "inbound.sock")
	}
	if beside.Inherited {
		return socket, "systemd:inbound" // rcptquota-inbound.socket in deploy/postfix
	}
	return socket, socket.Address
}

// domains are the list domains, for a sentence.
func (c *situation) domains() string { return strings.Join(c.wanted.ListDomains, ", ") }

func loginOnPort25(c *situation) []Finding {
	return c.eachService(func(s *postfix.Service) []Finding {
		if !s.Is("smtpd_sasl_auth_enable") || !c.asksRole(s, true) || c.asksRole(s, false) {
			return nil
		}
		return one("Users can log in here, and nothing is counted, since it asks the inbound socket",
			c.setOwn(s, "smtpd_sasl_auth_enable", "no"))
	}, postfix.MX)
}

func wrongSocket(c *situation) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		inbound, found := c.wanted.SocketOf(quota.Inbound)
		submissions, _ := c.wanted.SocketOf(quota.Submission)
		switch r := c.Role(a.Service); {
		case r == postfix.Submission && a.socket.IsInbound() && !c.asksRole(a.Service, false):
			return one("Users log in here, and nothing is counted, since it asks the inbound socket",
				c.replace(a, &submissions))
		case r == postfix.MX && !a.socket.IsInbound() && !a.Is("smtpd_sasl_auth_enable"):
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
func (c *situation) judgedBehind(s *postfix.Service, inbound bool) bool {
	return s.Values["smtpd_proxy_filter"] != "" && slices.ContainsFunc(c.Services, func(back *postfix.Service) bool {
		return c.Role(back) == postfix.WayBack && c.asksRole(back, inbound)
	})
}

// ask has a service ask a socket: last, but before a milter that signs.
func (c *situation) ask(s *postfix.Service, socket *postfix.Socket) (write []string) {
	list := entries(s)
	if !slices.ContainsFunc(s.Milters, func(m postfix.Milter) bool { return postfix.Same(socket.Address, m.Address, c.Main["queue_directory"]) }) {
		place := slices.IndexFunc(list, func(entry string) bool { return kindOf(entry) == signs })
		if place < 0 {
			place = len(list)
		}
		write = append(write, c.setList(s, strings.Join(slices.Insert(list, place, c.milterFor(socket)), ",")))
	}
	if s.Overrides("no_milters") {
		words := postfix.Words(s.Values["receive_override_options"])
		words = slices.DeleteFunc(words, func(w string) bool { return w == "no_milters" })
		write = append(write, c.set(s, "receive_override_options", strings.Join(words, ",")))
	}
	return write
}

// replace has a service ask another socket of ours in the place of one; nil: none.
func (c *situation) replace(a asked, socket *postfix.Socket) string {
	list := make([]string, 0, len(a.Milters))
	for i, m := range a.Milters {
		switch {
		case i != a.index:
			list = append(list, m.String())
		case socket != nil:
			list = append(list, c.milterFor(socket))
		}
	}
	return c.setList(a.Service, strings.Join(list, ","))
}

// entries are the service's milters as they are written, each without white space.
func entries(s *postfix.Service) (list []string) {
	raw, err := postfix.Split(s.Raw["smtpd_milters"])
	if err != nil {
		return nil
	}
	for _, entry := range raw {
		if m, err := postfix.ParseMilter(entry); err == nil {
			entry = m.String()
		}
		list = append(list, entry)
	}
	return list
}

func milterSyntax(c *situation) []Finding {
	return c.eachService(func(s *postfix.Service) []Finding {
		if s.Invalid == nil {
			return nil
		}
		socket, found := c.wanted.SocketOf(quota.Submission)
		if c.Role(s) != postfix.Submission {
			socket, found = c.wanted.SocketOf(quota.Inbound)
		}
		list := ""
		if found {
			list = c.milterFor(&socket)
		}
		return one("smtpd_milters cannot be read: "+s.Invalid.Error(), c.setList(s, list))
	})
}
