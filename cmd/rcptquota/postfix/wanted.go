package postfix

import (
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// Wanted is what rcptquota needs of Postfix.
type Wanted struct {
	Sockets []Socket
	// HighestLimit is the most recipients of one message that any class allows.
	HighestLimit int
	// ListDomains are the domains of mailing lists.
	ListDomains []string
	// RecipientDelimiter is as in rcptquota.toml.
	RecipientDelimiter string
	// Members is the number of members of the lists that were asked about.
	Members map[string]int
	// Answer is how long one answer may take.
	Answer time.Duration
	// Restart is how long nobody may accept connections while rcptquota is restarted.
	Restart time.Duration
}

// Socket is one to which Postfix connects.
type Socket struct {
	// Address is "unix:/path" or "inet:host:port".
	Address string
	// Inherited is whether systemd makes the socket.
	Inherited bool
	// Role is the role of the messages that come in by it.
	Role quota.Role
	// CountsAtData is whether messages are counted at DATA.
	CountsAtData bool
}

// SocketOf finds the first socket of a role.
func (w *Wanted) SocketOf(r quota.Role) (s Socket, found bool) {
	for _, s := range w.Sockets {
		if s.Role == r {
			return s, true
		}
	}
	return s, false
}

// Ours finds the socket that an address in smtpd_milters means, even if it is not
// reached by that address from within a chroot.
func (in *Installation) Ours(w *Wanted, address string) (s Socket, found bool) {
	for _, s := range w.Sockets {
		if Same(s.Address, address, in.Main["queue_directory"]) {
			return s, true
		}
	}
	return s, false
}

// Same reports whether an address of ours and one in smtpd_milters mean one socket.
func Same(our, theirs, queue string) bool {
	ourKind, our, _ := strings.Cut(our, ":")
	kind, address, _ := strings.Cut(theirs, ":")
	switch {
	case ourKind != kind:
		return false
	case kind == "inet":
		return sameInet(our, address)
	case filepath.IsAbs(address):
		return Plain(address) == Plain(our) || Plain(filepath.Join(queue, address)) == Plain(our)
	}
	// What looks like ours below another folder is meant to be ours.
	return Plain(filepath.Join(queue, address)) == Plain(our) ||
		strings.Contains(address, "/") && strings.HasSuffix(Plain(our), "/"+filepath.Clean(address))
}

// Plain is a path in its shortest form. /var/run is /run on every system that has both.
func Plain(path string) string {
	path = filepath.Clean(path)
	if rest, found := strings.CutPrefix(path, "/var/run/"); found {
		return "/run/" + rest
	}
	return path
}

func sameInet(our, theirs string) bool {
	ourHost, ourPort, err := net.SplitHostPort(our)
	host, port := "localhost", theirs
	if h, p, e := net.SplitHostPort(theirs); e == nil {
		host, port = h, p
	}
	if err != nil || port != ourPort {
		return false
	}
	ip := net.ParseIP(ourHost)
	return strings.EqualFold(host, ourHost) || isLoopback(host) && isLoopback(ourHost) || ip != nil && ip.IsUnspecified()
}

// Path is the file by which a service reaches a unix socket: relative paths are below
// the queue directory, and in a chroot absolute ones are too.
func (in *Installation) Path(s *Service, address string) string {
	path := strings.TrimPrefix(address, "unix:")
	if !filepath.IsAbs(path) || s.Chroot {
		path = filepath.Join(in.Main["queue_directory"], path)
	}
	return Plain(path)
}

// IsInbound reports whether mail from elsewhere comes in by the socket.
func (s *Socket) IsInbound() bool { return s.Role == quota.Inbound }
