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

	// Main are the expanded values of main.cf.
	Main map[string]string
	// Defined are the parameters of deploy/postfix that main.cf defines, expanded.
	Defined map[string]string
	// Services are those of master.cf that are not disabled.
	Services []*Service
	// Tried is whether unix sockets could be tried as Postfix's user; only root can.
	Tried bool

	reached map[dialling]error // the sockets that were tried; nil: it accepts connections
}

// Service is a line of master.cf that is not disabled.
type Service struct {
	// Name and Kind are the first columns; Kind is "inet", "unix", "pass" …
	Name, Kind string
	// Program is the last column without its arguments, such as "smtpd".
	Program string
	Chroot  bool

	// Values are expanded: the service's own, or those of main.cf.
	Values map[string]string
	// Own are those of master.cf, as they are written.
	Own map[string]string
	// Raw are smtpd_milters and what it refers to, as they are written.
	Raw map[string]string

	// Milters is what smtpd_milters says, unless it is Invalid.
	Milters []Milter
	Invalid error
}

// String is the service's name in "postconf -P".
func (s *Service) String() string { return s.Name + "/" + s.Kind }

// Is reports whether a parameter of the service is "yes".
func (s *Service) Is(parameter string) bool { return strings.EqualFold(s.Values[parameter], "yes") }

// Overrides reports whether receive_override_options has a word.
func (s *Service) Overrides(word string) bool {
	return slices.Contains(Words(s.Values["receive_override_options"]), word)
}

// Words are the entries of a list that has no braces.
func Words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(separators, r) })
}

// port is the port of a network service, as a number where it has a well-known name.
// A service that postscreen(8) hands connections to has the port of postscreen.
func (in *Installation) port(s *Service) string {
	if s.Kind == "pass" {
		for _, p := range in.Services {
			if p.Program == "postscreen" && p.Kind == "inet" && p.Values["smtpd_service_name"] == s.Name {
				return in.port(p)
			}
		}
		return ""
	}
	if s.Kind != "inet" {
		return ""
	}
	port := s.Name
	if _, p, err := net.SplitHostPort(s.Name); err == nil {
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

// Role is what a smtpd(8) service is for.
type Role int

const (
	Unused     Role = iota // nobody can connect
	Submission             // users log in
	MX                     // mail from elsewhere
	WayBack                // the mail of a content filter
	Local                  // this machine's programs
)

// Role tells what a service is for, by its port, whether users log in, and whether mail
// is sent through a filter before it comes back there.
func (in *Installation) Role(s *Service) Role {
	port := in.port(s)
	switch {
	case s.Program != "smtpd" || port == "":
		return Unused
	case port == "587" || port == "465":
		return Submission
	case port == "25":
		return MX
	case s.Is("smtpd_sasl_auth_enable"):
		return Submission
	case s.Filter() == "" && in.hasFilter():
		return WayBack
	case s.isLocal():
		return Local
	}
	return MX
}

// Filter is the content filter of the service, before or after the queue.
func (s *Service) Filter() string {
	return s.Values["content_filter"] + s.Values["smtpd_proxy_filter"]
}

func (in *Installation) hasFilter() bool {
	return slices.ContainsFunc(in.Services, func(s *Service) bool {
		return s.Program == "smtpd" && in.port(s) != "" && s.Filter() != ""
	})
}

// isLocal reports whether only this machine can connect to a network service.
func (s *Service) isLocal() bool {
	host, _, err := net.SplitHostPort(s.Name)
	if err != nil || host == "" {
		return s.Values["inet_interfaces"] == "loopback-only"
	}
	return isLoopback(host)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
