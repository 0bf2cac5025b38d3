package postfix

import (
	"regexp"
	"slices"
	"strings"
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
func (in *Installation) command(flag, setting string) string {
	c := "postconf "
	if in.Dir != "/etc/postfix" {
		c += "-c " + quoted(in.Dir) + " "
	}
	return c + flag + " " + quoted(setting)
}

// set changes a parameter where the service has it from: master.cf or main.cf.
func (in *Installation) set(s *service, name, value string) string {
	if _, own := s.own[name]; own {
		return in.setOwn(s, name, value)
	}
	return in.command("-e", name+"="+value)
}

// setOwn changes a parameter for one service alone. postconf takes no white space here.
func (in *Installation) setOwn(s *service, name, value string) string {
	return in.command("-P", s.String()+"/"+name+"="+value)
}

// change replaces our milter in a service's list by another, or takes it out if there
// is none. Where the list has it by a parameter of main.cf that is nothing else, the
// parameter is changed.
func (in *Installation) change(s *service, i int, to *milter) []string {
	if to != nil {
		if name := s.definition("smtpd_milters", s.milters[i].address); name != "" {
			return []string{in.command("-e", name+"="+to.String())}
		}
	}
	list := slices.Clone(s.milters)
	if to == nil {
		list = slices.Delete(list, i, i+1)
	} else {
		list[i] = *to
	}
	return []string{in.setList(s, joinMilters(list))}
}

// setList changes the whole list of a service. Where main.cf has it for all services,
// this one gets a list of its own.
func (in *Installation) setList(s *service, list string) string {
	return in.setOwn(s, "smtpd_milters", list)
}

// definition is the parameter of main.cf that is one milter, the one of an address, and
// that the list of a parameter refers to.
func (s *service) definition(name, address string) string {
	entries, err := split(s.raw[name])
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		next := referred(entry)
		if _, own := s.own[next]; next == "" || own || next == name {
			continue
		}
		if all, err := parseMilters(s.raw[next]); err == nil && len(all) == 1 && all[0].address == address {
			return next
		}
		if found := s.definition(next, address); found != "" {
			return found
		}
	}
	return ""
}

// milterFor is what a service's list should have for one of our sockets, and the
// commands that must come before. It is a reference where main.cf defines the parameter
// that deploy/postfix ships.
func (in *Installation) milterFor(socket *Socket) string {
	name := shippedSubmission
	if socket.isInbound() {
		name = shippedInbound
	}
	if all, err := parseMilters(in.defined[name]); err == nil && len(all) == 1 &&
		same(socket.Address, all[0].address, in.main["queue_directory"]) {
		return "$" + name
	}
	m := milter{address: in.addressFor(socket), options: []option{
		{"default_action", "tempfail"}, {"connect_timeout", "30s"}, {"command_timeout", "15s"},
	}}
	return m.String()
}

// addressFor is how a service can reach a socket. Below the queue directory that is a
// relative path, which holds in a chroot and without one.
func (in *Installation) addressFor(socket *Socket) string {
	path, unix := strings.CutPrefix(socket.Address, "unix:")
	if !unix {
		return socket.Address
	}
	if below, found := strings.CutPrefix(plain(path), plain(in.main["queue_directory"])+"/"); found {
		return "unix:" + below
	}
	return "unix:" + path
}
