//go:build servers

package test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rcptquota/rcptquota/test/servers"
)

func TestScripts(t *testing.T) {
	relay := startRelay(t)
	testscript.RunT(serial{t}, testscript.Params{
		Dir:   "testdata/script",
		Setup: relay.setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"rcptquota":  rcptquotaCommand,
			"record":     recordCommand,
			"maillog":    maillogCommand,
			"slapd":      slapdCommand,
			"ldapmodify": ldapmodifyCommand,
			"connect":    connectCommand,
			"on":         onCommand,
			"xclient":    xclientCommand,
			"mail":       mailCommand,
			"rcpt":       rcptCommand,
			"data":       dataCommand,
			"body":       bodyCommand,
			"bdat":       bdatCommand,
			"until":      untilCommand,
			"messages":   messagesCommand,
			"moment":     momentCommand,
			"rset":       rsetCommand,
			"quit":       quitCommand,
			"drop":       dropCommand,
			"delivered":  deliveredCommand,
			"hold":       holdCommand,
		},
		RequireUniqueNames: true,
	})
}

// serial runs scripts one after the other, since they share Postfix's listeners.
type serial struct{ *testing.T }

func (s serial) Parallel()     {}
func (s serial) Verbose() bool { return testing.Verbose() }

func (s serial) Run(name string, f func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) { f(serial{t}) })
}

// relay is what all scripts share.
type relay struct {
	postfix *servers.Postfix
	sink    *servers.Sink     // where mail to listes.test and ecole.test ends
	milters map[string]string // where each listener's milter is, as both Postfix and rcptquota write it
}

func startRelay(t *testing.T) *relay {
	t.Helper()
	sockets := servers.Scratch(t)
	r := &relay{milters: make(map[string]string), sink: servers.StartSink(t)}
	listener := func(name string, options ...string) servers.Listener {
		r.milters[name] = "unix:" + filepath.Join(sockets, name+".sock")
		return servers.Listener{Name: name, Options: append(options, fmt.Sprintf(
			"smtpd_milters = { %s, connect_timeout=5s, command_timeout=10s, default_action=tempfail }", r.milters[name]))}
	}
	login := "smtpd_sasl_auth_enable = yes"
	submission, inbound := listener("submission", login), listener("inbound")
	refusing := servers.Listener{Name: "refusing", Options: []string{login, fmt.Sprintf(
		"smtpd_milters = %s, inet:%s", r.milters["submission"], startRefusingMilter(t))}}
	// Services with a before-queue content filter: one that has the milter before
	// the filter, and one that has it behind, where the filter's mail comes back.
	before := listener("before", login, "smtpd_proxy_filter = "+r.sink.Address)
	behind := listener("behind", "smtpd_authorized_xforward_hosts = 127.0.0.1")
	filter := "smtpd_proxy_filter = " + startFilter(t, func() string { return r.postfix.Address("behind") })
	filtered := servers.Listener{Name: "filtered", Options: []string{login, filter, "smtpd_sasl_authenticated_header = yes"}}
	owned := servers.Listener{Name: "owned", Options: []string{login, filter,
		"smtpd_sender_login_maps = inline:{ { marie.durand@ecole.test = mdurand }, { paul.martin@ecole.test = pmartin } }",
		"smtpd_sender_restrictions = reject_sender_login_mismatch"}}
	r.postfix = servers.StartPostfix(t, servers.PostfixConfig{
		Listeners: []servers.Listener{submission, inbound, refusing, before, behind, filtered, owned},
		Logins:    true,
		Master:    "smtp unix - - n - - smtp\n",
		Main: []string{
			// The networks of clients that XCLIENT plays (RFC 5737, RFC 3849).
			"mynetworks = 127.0.0.0/8, 192.0.2.0/24, 198.51.100.0/24, [2001:db8::]/32",
			// A domain of this relay's own, for user%domain@relay.test.
			"mydestination = relay.test",
			"message_size_limit = 1000000",
			// Headers stay as they come, as those of clients elsewhere do.
			"local_header_rewrite_clients =",
			"virtual_alias_domains = alias.test",
			strings.ReplaceAll("transport_maps = inline:{ { listes.test = $S }, { ecole.test = $S } }", "$S", "smtp:"+bracketed(r.sink.Address)),
			"virtual_alias_maps = inline:{ { class-6b@alias.test = a@example.net, b@example.net, c@example.net } }",
		},
	})
	return r
}

// bracketed is a host and port as a next hop that Postfix looks up no MX for
// (transport(5)).
func bracketed(address string) string {
	host, port, _ := strings.Cut(address, ":")
	return "[" + host + "]:" + port
}

// caseKey is where a script's state stands in its Env.
type caseKey struct{}

// scriptCase is the state of one script.
type scriptCase struct {
	t     *testing.T
	relay *relay
	rcptquota
	slapd
	smtpState
}

func of(ts *testscript.TestScript) *scriptCase { return ts.Value(caseKey{}).(*scriptCase) }

// setup prepares a script: an empty log, the names of the milters' sockets, and
// an end that leaves nothing running.
func (r *relay) setup(env *testscript.Env) error {
	t := env.T().(serial).T
	c := &scriptCase{t: t, relay: r}
	c.log = &servers.LogFile{Path: filepath.Join(env.WorkDir, "rcptquota.log")}
	env.Values[caseKey{}] = c
	for name, address := range r.milters {
		env.Setenv(strings.ToUpper(name), address)
	}
	trees, err := filepath.Abs("testdata/ldif")
	if err != nil {
		return err
	}
	env.Setenv("TREES", trees)
	env.Setenv("PATH", filepath.Dir(program())+":"+env.Getenv("PATH"))
	r.postfix.Log.Forget()
	r.sink.Forget()
	env.Defer(func() {
		c.hangUp()
		if err := c.finish(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("rcptquota said:\n%s\npostfix said:\n%s", joined(c.log), joined(r.postfix.Log))
		}
	})
	return nil
}
