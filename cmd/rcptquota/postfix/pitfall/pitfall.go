package pitfall

import (
	"slices"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
)

// Pitfall is something that an installation can have wrong.
type Pitfall struct {
	// Name is the pitfall's, in snake_case.
	Name string
	// About says what is wrong, and what comes of it, in Markdown.
	About string

	find func(*situation) []Finding
}

// Pitfalls are all that [Check] looks for, in the order in which it tells them.
var Pitfalls = []Pitfall{
	{"submission_without", "A service where users log in does not ask rcptquota: whoever is refused elsewhere sends there.", submissionWithout},
	{"port25_without", "There are lists, and a service that takes mail from elsewhere does not ask rcptquota: anybody can write to the lists through it.", port25Without},
	{"list_domains", "There are lists, and no `[[listen]]` with `role = \"inbound\"` that port 25 could ask.", listDomains},
	{"login_on_port25", "Users can log in on port 25, which asks the inbound socket: nothing is counted there.", loginOnPort25},
	{"wrong_socket", "A service for users asks the inbound socket, or port 25 asks that of submission.", wrongSocket},
	{"milter_syntax", "`smtpd_milters` cannot be read.", milterSyntax},
	{"socket", "A service cannot connect to rcptquota's socket: it is elsewhere in the service's chroot, its permissions are wrong, or nothing listens. As root, `check` tries it as the user postfix does.", unreachable},
	{"recipient_limit", "`smtpd_recipient_limit` is not above the highest class: Postfix answers `452` to the recipients beyond, and clients send them in a second message.", recipientLimit},
	{"recipient_overshoot", "`smtpd_recipient_overshoot_limit` is below Postfix's default of 1000: Postfix hangs up on messages that are far too large, and clients try again for days.", recipientOvershoot},
	{"default_action", "While rcptquota is away, mail passes uncounted (`accept`), bounces (`reject`) or is held (`quarantine`).", defaultAction},
	{"timeouts", "Postfix waits less for rcptquota than an answer or a restart may take.", timeouts},
	{"milter_protocol", "`milter_protocol` is below 6: rcptquota may not see DATA, and can then refuse a message only once it has come whole.", milterProtocol},
	{"milter_maps", "`smtpd_milter_maps` may switch rcptquota off for some clients.", milterMaps},
	{"place_signer", "rcptquota comes after a milter that signs: the `Reply-To` of list posts breaks the signature.", behindSigner},
	{"place_last", "A milter that refuses messages comes after rcptquota: what it refuses stays counted.", notLast},
	{"place_recipients", "rcptquota comes after a milter that changes recipients.", behindChanger},
	{"before_queue_filter", "A service with `smtpd_proxy_filter` asks rcptquota, which then sees neither the header nor the end of messages.", beforeQueueFilter},
	{"judged_twice", "The service where a content filter's mail comes back asks rcptquota again: messages are judged and counted twice.", judgedTwice},
	{"non_smtpd_milters", "`non_smtpd_milters` has rcptquota: mail from sendmail(1) has no login, and Postfix reports a refusal as an error of its own.", nonSMTPDMilters},
	{"old_postfix", "A Postfix before 3.7.22, 3.8.20, 3.9.14, 3.10.13 or 3.11.6 with `smtpd_end_of_data_restrictions`: a client whose message these refused can go on without any milter.", oldPostfix},
	{"sendmail", "There are lists, and every user of the machine may run sendmail(1), which asks no milter.", sendmail},
	{"recipient_delimiter", "There are lists, and Postfix has a `recipient_delimiter` that rcptquota does not know: `parents-x@` reaches the list unseen.", recipientDelimiter},
	{"expansion_limit", "`virtual_alias_expansion_limit` is below the members of a list (named with `--list`): no post to it leaves.", expansionLimit},
	{"recursion_limit", "There are lists, and `virtual_alias_recursion_limit` is below 10, the levels of groups that the tables of `deploy/postfix` follow.", recursionLimit},
}

// Check returns what is wrong with an installation, and nothing where all is well.
func Check(in *postfix.Installation, w *postfix.Wanted) []Finding {
	c := &situation{in, w}
	var all []Finding
	for _, p := range Pitfalls {
		findings := p.find(c)
		for i := range findings {
			findings[i].Pitfall = p.Name
		}
		all = append(all, merged(findings)...)
	}
	return all
}

// situation is what the pitfalls are looked for in.
type situation struct {
	*postfix.Installation
	wanted *postfix.Wanted
}

// asked is one of our sockets in a service's list of milters.
type asked struct {
	*postfix.Service
	index  int // in the service's milters
	milter postfix.Milter
	socket postfix.Socket
}

// asks returns our sockets that a service asks, in their order. Where the service has
// no_milters, it asks none.
func (c *situation) asks(s *postfix.Service) (all []asked) {
	if s.Overrides("no_milters") {
		return nil
	}
	for i, m := range s.Milters {
		if socket, found := c.Ours(c.wanted, m.Address); found {
			all = append(all, asked{s, i, m, socket})
		}
	}
	return all
}

// asksRole reports whether a service asks a socket of submission, or of inbound.
func (c *situation) asksRole(s *postfix.Service, inbound bool) bool {
	return slices.ContainsFunc(c.asks(s), func(a asked) bool { return a.socket.IsInbound() == inbound })
}

// eachService calls f for the smtpd services of some roles, or of all roles in which
// anybody can connect.
func (c *situation) eachService(f func(*postfix.Service) []Finding, roles ...postfix.Role) (all []Finding) {
	for _, s := range c.Services {
		r := c.Role(s)
		if r == postfix.Unused || len(roles) > 0 && !slices.Contains(roles, r) {
			continue
		}
		for _, finding := range f(s) {
			finding.Services = []string{s.String()}
			all = append(all, finding)
		}
	}
	return all
}

// eachAsked calls f wherever a service asks us.
func (c *situation) eachAsked(f func(asked) []Finding) []Finding {
	return c.eachService(func(s *postfix.Service) (all []Finding) {
		for _, a := range c.asks(s) {
			all = append(all, f(a)...)
		}
		return all
	})
}

// one is a finding alone.
func one(sentence string, write ...string) []Finding {
	return []Finding{{Sentence: sentence, Write: write}}
}
