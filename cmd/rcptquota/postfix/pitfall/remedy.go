package pitfall

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
)

// safe is what a shell takes as it is.
var safe = regexp.MustCompile(`^[A-Za-z0-9_./:=,@%+-]+$`)

// quoted writes one word for a shell.
func quoted(word string) string {
	if safe.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// command is a postconf command for this instance.
func (c *situation) command(flag, setting string) string {
	text := "postconf "
	if c.Dir != "/etc/postfix" {
		text += "-c " + quoted(c.Dir) + " "
	}
	return text + flag + " " + quoted(setting)
}

// set changes a parameter where the service has it from: master.cf or main.cf.
func (c *situation) set(s *postfix.Service, name, value string) string {
	if _, own := s.Own[name]; own {
		return c.setOwn(s, name, value)
	}
	return c.command("-e", name+"="+value)
}

// setOwn changes a parameter for one service alone. postconf takes no white space here.
func (c *situation) setOwn(s *postfix.Service, name, value string) string {
	return c.command("-P", s.String()+"/"+name+"="+value)
}

// change replaces our milter in a service's list by another, or takes it out if there
// is none. Where the list has it by a parameter of main.cf that is nothing else, the
// parameter is changed.
func (c *situation) change(s *postfix.Service, i int, to *postfix.Milter) []string {
	if to != nil {
		if name := definition(s, "smtpd_milters", s.Milters[i].Address); name != "" {
			return []string{c.command("-e", name+"="+to.String())}
		}
	}
	list := slices.Clone(s.Milters)
	if to == nil {
		list = slices.Delete(list, i, i+1)
	} else {
		list[i] = *to
	}
	return []string{c.setList(s, joinMilters(list))}
}

// setList changes the whole list of a service. Where main.cf has it for all services,
// this one gets a list of its own.
func (c *situation) setList(s *postfix.Service, list string) string {
	return c.setOwn(s, "smtpd_milters", list)
}

// definition is the parameter of main.cf that is one milter, the one of an address, and
// that the list of a parameter refers to.
func definition(s *postfix.Service, name, address string) string {
	entries, err := postfix.Split(s.Raw[name])
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		next := postfix.Referred(entry)
		if _, own := s.Own[next]; next == "" || own || next == name {
			continue
		}
		if all, err := postfix.ParseMilters(s.Raw[next]); err == nil && len(all) == 1 && all[0].Address == address {
			return next
		}
		if found := definition(s, next, address); found != "" {
			return found
		}
	}
	return ""
}

// milterFor is what a service's list should have for one of our sockets: a reference, where
// main.cf defines the parameter that deploy/postfix ships as this socket, or else the milter
// itself.
func (c *situation) milterFor(socket *postfix.Socket) string {
	name := postfix.ShippedSubmission
	if socket.IsInbound() {
		name = postfix.ShippedInbound
	}
	if all, err := postfix.ParseMilters(c.Defined[name]); err == nil && len(all) == 1 &&
		postfix.Same(socket.Address, all[0].Address, c.Main["queue_directory"]) {
		return "$" + name
	}
	m := postfix.Milter{Address: c.addressFor(socket)}.
		With("default_action", "tempfail").With("connect_timeout", "30s").With("command_timeout", "15s")
	return m.String()
}

// addressFor is how a service can reach a socket. Below the queue directory that is a
// relative path, which holds in a chroot and without one.
func (c *situation) addressFor(socket *postfix.Socket) string {
	path, unix := strings.CutPrefix(socket.Address, "unix:")
	if !unix {
		return socket.Address
	}
	if below, found := strings.CutPrefix(postfix.Plain(path), postfix.Plain(c.Main["queue_directory"])+"/"); found {
		return "unix:" + below
	}
	return "unix:" + path
}

func joinMilters(milters []postfix.Milter) string {
	texts := make([]string, 0, len(milters))
	for _, m := range milters {
		texts = append(texts, m.String())
	}
	return strings.Join(texts, ",")
}
