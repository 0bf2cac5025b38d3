package failover

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// defaultSocket is where the OpenLDAP of most systems listens for ldapi:///.
const defaultSocket = "/var/run/slapd/ldapi"

// server is one LDAP server's place.
type server struct {
	url     string // as configured; names the server in errors
	network string // "tcp" or "unix"
	address string // "host:port", or the socket's path
	host    string // as the certificate must name it
	tls     bool   // from the first byte (ldaps)
}

// named says of which server an error is.
func (s server) named(err error) error { return fmt.Errorf("%s: %w", s.url, err) }

// parseServer reads an LDAP URL (RFC 4516) that has a scheme and a host, for
// ldapi a socket's path written as in "ldapi://%2Frun%2Fldapi", and nothing else.
func parseServer(text string) (server, error) {
	if path, ok := strings.CutPrefix(text, "ldapi://"); ok {
		return parseSocket(text, strings.TrimSuffix(path, "/"))
	}
	parsed, err := url.Parse(text)
	if err != nil {
		// The error would quote the text, which may contain a password.
		return server{}, errors.New("a server is not a URL; write it as in \"ldaps://ldap.example.org\"")
	}
	s := server{url: text, network: "tcp", host: parsed.Hostname()}
	port := parsed.Port()
	switch {
	case parsed.User != nil:
		return server{}, fmt.Errorf("%q holds a login; use bind_dn and bind_password_file", parsed.Redacted())
	case parsed.Scheme == "ldap" && port == "":
		port = "389"
	case parsed.Scheme == "ldaps" && port == "":
		port = "636"
	case parsed.Scheme != "ldap" && parsed.Scheme != "ldaps":
		return server{}, fmt.Errorf("%q is not an LDAP URL; write it as in \"ldaps://ldap.example.org\", with ldap, ldaps or ldapi", text)
	}
	s.tls = parsed.Scheme == "ldaps"
	s.address = net.JoinHostPort(s.host, port)
	if s.host == "" {
		return server{}, fmt.Errorf("%q has no host; write it as in \"ldaps://ldap.example.org\"", text)
	}
	if strings.Trim(parsed.Path, "/") != "" || parsed.RawQuery != "" || parsed.Fragment != "" {
		return server{}, fmt.Errorf("%q has more than a host and a port; a DN goes into base, a filter into user_filter", text)
	}
	return s, nil
}

func parseSocket(text, escaped string) (server, error) {
	path, err := url.PathUnescape(escaped)
	if err != nil || strings.ContainsAny(escaped, "/?") {
		return server{}, fmt.Errorf("%q is not a socket; write its path as in \"ldapi://%%2Frun%%2Fslapd%%2Fldapi\"", text)
	}
	if path == "" {
		path = defaultSocket
	}
	return server{url: text, network: "unix", address: path}, nil
}
