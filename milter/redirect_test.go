package milter

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
)

// managed is a directory in which every address is a list with two owners.
type managed struct{}

func (managed) Sender(context.Context, string) (quota.Sender, error) {
	return quota.Sender{}, quota.ErrAbsent
}

func (managed) Lists(_ context.Context, addresses []string) []list.Answer {
	answers := make([]list.Answer, len(addresses))
	for i := range addresses {
		answers[i].List = &list.List{Owners: []list.Person{{ID: "manager", Addresses: []string{"a@x.fr"}}, {ID: "other", Addresses: []string{"b@x.fr"}}}}
	}
	return answers
}

// redirecting is the policy of a site that redirects messages to lists in re.fr.
func redirecting(t *testing.T) *quota.Policy {
	t.Helper()
	config := quota.DefaultConfig()
	config.Lists = list.Config{Domains: []string{"re.fr"}, RulesConfig: list.RulesConfig{Unauthorised: "redirect"}}
	rules, err := quota.Compile(&config)
	if err != nil {
		t.Fatal(err)
	}
	return quota.NewPolicy(rules, managed{}, nil)
}

// TestTypedWithoutEnd: what clients type is kept up to a bound. Beyond it, when forms of a
// recipient may be missing, nothing is redirected.
func TestTypedWithoutEnd(t *testing.T) {
	route := "<@" + strings.Repeat("a", 2000) + ":"
	log := converse(t, quota.Submission, redirecting(t), true, func(p *peer) {
		p.mail("anne")
		p.rcpt("list@re.fr", "<list@re.fr>")
		for i := range maxTyped / len(route) {
			address := fmt.Sprintf("r%d@x.fr", i)
			p.rcpt(address, route+address+">")
		}
		p.data()
		p.expect('y', "550 5.7.1 Message refused: the list ")
		p.send('A')
		p.mail("anne") // the next one begins anew
		p.rcpt("list@re.fr", "<list@re.fr>")
		p.data()
		p.expect('c', "")
		p.header("From: anne@x.fr")
		p.ends("- <list@re.fr>|", "+ <a@x.fr>|", "+ <b@x.fr>|")
	})
	if len(log) != 2 {
		t.Errorf("the log: %q", log)
	}
}

// TestTooManyRedirects: where too many addresses would have to be removed, the message is
// refused; in the inbound role each further recipient is.
func TestTooManyRedirects(t *testing.T) {
	log := converse(t, quota.Submission, redirecting(t), true, func(p *peer) {
		var all []string
		for i := range list.MaxRemovals + 1 {
			all = append(all, fmt.Sprintf("%d@re.fr", i))
		}
		p.mail("anne", all...)
		p.data()
		p.expect('y', "550 5.7.1 Message refused: the list ")
		p.send('A')
	})
	if len(log) != 1 || !strings.Contains(log[0], "msg=refused queue_id=4F1 sender=anne class=ecollege31 reason=list_posting recipients=101 ") {
		t.Error(log)
	}
	log = converse(t, quota.Inbound, redirecting(t), true, func(p *peer) {
		p.send('M', "<from@example.org>")
		for i := range 2 * list.MaxRemovals {
			p.rcpt("one@re.fr", fmt.Sprintf("<%d@re.fr>", i))
			if code, _ := p.receive(); (code == 'c') != (1+i+1 <= list.MaxRemovals) {
				t.Errorf("recipient %d: %q", i, code)
			}
		}
		p.rcpt("one@re.fr", "<("+strings.Repeat(":", 200)+")one@re.fr>")
		p.expect('y', "550 5.7.1")
		p.send('D', "Ei", "4F1")
		p.send('E')
		for i := range list.MaxRemovals {
			if code, payload := p.receive(); code != '-' {
				t.Fatalf("change %d: %q %q", i, code, payload)
			}
		}
		p.expect('+', "a@x.fr")
		p.expect('+', "b@x.fr")
		p.expect('c', "")
	})
	if len(log) != list.MaxRemovals+2+1 {
		t.Errorf("%d records", len(log))
	}
	for _, line := range log[:len(log)-1] {
		if !strings.Contains(line, "msg=refused reason=list_posting ") {
			t.Error(line)
		}
	}
}
