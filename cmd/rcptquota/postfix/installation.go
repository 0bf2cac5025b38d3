package postfix

import (
	"net"
	"slices"
	"strings"
)

// Installation is one instance of Postfix, as postconf(1) tells it.
type Installation struct {
	// Dir is its config_directory.
	Dir string
	// Version is that of the programs, whatever main.cf says.
	Version Version

	main     map[string]string // expanded values of main.cf
	defined  map[string]string // the parameters of deploy/postfix that main.cf defines, expanded
	services []*service
	reached  map[dialling]error // the sockets that were tried; nil: it accepts connections
	tried    bool               // whether sockets could be tried as Postfix's user
}

// service is a line of master.cf that is not disabled.
type service struct {
	name, kind string // kind is "inet", "unix", "pass" …
	program    string
	chroot     bool

	values map[string]string // expanded; what main.cf says, or the service's own
	own    map[string]string // as written in master.cf, unexpanded
	raw    map[string]string // smtpd_milters and what it refers to, unexpanded

	milters []milter
	invalid error // why smtpd_milters cannot be read
}

// String is the service's name in "postconf -P".
func (s *service) String() string { return s.name + "/" + s.kind }

// is reports whether a parameter of the service is "yes".
func (s *service) is(parameter string) bool { return strings.EqualFold(s.values[parameter], "yes") }

// overrides reports whether receive_override_options has a word.
func (s *service) overrides(word string) bool {
	return slices.Contains(strings.FieldsFunc(s.values["receive_override_options"], isSeparator), word)
}

func isSeparator(r rune) bool { return strings.ContainsRune(separators, r) }

// port is the port of a network service, as a number where it has a well-known name.
// A service that postscreen(8) hands connections to has the port of postscreen.
func (in *Installation) port(s *service) string {
	if s.kind == "pass" {
		for _, p := range in.services {
			if p.program == "postscreen" && p.kind == "inet" && p.values["smtpd_service_name"] == s.name {
				return in.port(p)
			}
		}
		return ""
	}
	if s.kind != "inet" {
		return ""
	}
	port := s.name
	if _, p, err := net.SplitHostPort(s.name); err == nil {
		port = p
	}
	switch port {
	case "smtp":
		return "25"
	case "submission":
		return "587"
	case "submissions", "smtps", "urd":
		return "465"
	}
	return port
}

// role is what a smtpd(8) service is for.
type role int

const (
	unused     role = iota // nobody can connect
	submission             // users log in
	mx                     // mail from elsewhere
	wayBack                // the mail of a content filter
	local                  // this machine's programs
)

// role tells what a service is for, by its port, whether users log in, and whether mail
// is sent through a filter before it comes back there.
func (in *Installation) role(s *service) role {
	port := in.port(s)
	switch {
	case s.program != "smtpd" || port == "":
		return unused
	case port == "587" || port == "465":
		return submission
	case port == "25":
		return mx
	case s.is("smtpd_sasl_auth_enable"):
		return submission
	case s.filter() == "" && in.hasFilter():
		return wayBack
	case s.isLocal():
		return local
	}
	return mx
}

// filter is the content filter of the service, before or after the queue.
func (s *service) filter() string {
	return s.values["content_filter"] + s.values["smtpd_proxy_filter"]
}

func (in *Installation) hasFilter() bool {
	return slices.ContainsFunc(in.services, func(s *service) bool {
		return s.program == "smtpd" && in.port(s) != "" && s.filter() != ""
	})
}

// isLocal reports whether only this machine can connect to a network service.
func (s *service) isLocal() bool {
	host, _, err := net.SplitHostPort(s.name)
	if err != nil || host == "" {
		return s.values["inet_interfaces"] == "loopback-only"
	}
	return isLoopback(host)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
