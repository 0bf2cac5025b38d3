//go:build servers

package test

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rcptquota/rcptquota/test/servers"
)

// slapd is the directory server of one script.
type slapd struct {
	server *servers.Slapd
}

func slapdCommand(ts *testscript.TestScript, neg bool, args []string) {
	c := of(ts)
	if command := strings.Join(args, " "); neg || (c.server == nil) != (len(args) == 2 && args[0] == "start") {
		ts.Fatalf("slapd %s: start FILE first, and once; then stop, start, freeze and thaw", command)
	}
	switch args[0] {
	case "start":
		if len(args) == 1 {
			c.server.Start()
			return
		}
		c.server = servers.StartSlapd(c.t)
		c.server.Add(ts.ReadFile(args[1]))
		ts.Setenv("LDAP_URL", c.server.URL())
		ts.Setenv("LDAPS_URL", c.server.SecureURL())
		ts.Setenv("LDAP_CA", c.server.CAFile())
		ts.Setenv("LDAP_BASE", c.server.Base())
		ts.Setenv("LDAP_BIND_DN", c.server.BindDN())
		ts.Setenv("LDAP_PASSWORD", c.server.Password())
	case "stop":
		c.server.Stop()
	case "freeze":
		c.server.Freeze()
	case "thaw":
		c.server.Thaw()
	default:
		ts.Fatalf("slapd %s: no such thing", args[0])
	}
}

func ldapmodifyCommand(ts *testscript.TestScript, neg bool, args []string) {
	c := of(ts)
	if neg || len(args) != 1 || c.server == nil {
		ts.Fatalf("usage: ldapmodify FILE, with slapd running")
	}
	c.server.Modify(ts.ReadFile(args[0]))
}
