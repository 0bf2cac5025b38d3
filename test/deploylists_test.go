//go:build servers

package test

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// TestDeployedLists: a post reaches each member alone, replies and bounces the
// owner alone.
func TestDeployedLists(t *testing.T) {
	r := startListRelay(t, listSetup{})
	if answer := r.send(t, "submission", "mdurand", "marie.durand@ecole.test", "parents@listes.ac-test.fr"); answer.refused() {
		t.Fatal(answer)
	}
	copies := regexp.MustCompile(`(?m)^MAIL FROM:<owner-parents@listes\.ac-test\.fr>$`)
	if err := r.sink.Await(copies, memberCount); err != nil {
		t.Fatal(err, joined(r.postfix.Log))
	}
	all := r.sink.Grep(copies)
	t.Run("copies", func(t *testing.T) { r.checkCopies(t, all) })
	t.Run("bounce", func(t *testing.T) {
		bounce := regexp.MustCompile(`(?ms)^MAIL FROM:<>\nRCPT TO:<marie\.durand@ecole\.test>\nReceived.*gone@ecole\.test`)
		if err := r.sink.Await(bounce, 1); err != nil {
			t.Error(err, joined(r.postfix.Log))
		}
	})
	t.Run("bounce from elsewhere", func(t *testing.T) {
		r.sink.Forget()
		for _, address := range []string{"owner-parents@listes.ac-test.fr", "owner-parents+x@listes.ac-test.fr"} {
			if answer := r.send(t, "inbound", "", "", address); answer.refused() {
				t.Fatal(answer)
			}
		}
		if err := r.sink.Await(regexp.MustCompile(`^MAIL FROM:<>\nRCPT TO:<marie\.durand@ecole\.test>\nReceived`), 2); err != nil {
			t.Error(err)
		}
	})
	t.Run("loop", func(t *testing.T) { r.checkLoop(t, all[0]) })
	t.Run("no owner", func(t *testing.T) { r.checkNoOwner(t) })
	t.Run("who may not", func(t *testing.T) { r.checkClosed(t) })
}

// checkLoop: a copy that a member's mailbox sends back to the list is bounced to
// the owner, by the service that expands lists itself.
func (r *listRelay) checkLoop(t *testing.T, c servers.Delivery) {
	t.Helper()
	r.sink.Forget()
	text := strings.ReplaceAll(c.Text, "\n", "\r\n")
	if answer := r.sendText(t, "unchecked", "", c.From, text, "parents@listes.ac-test.fr"); answer.refused() {
		t.Fatal(answer)
	}
	if err := r.sink.Await(regexp.MustCompile(`(?ms)^MAIL FROM:<>\nRCPT TO:<marie\.durand@ecole\.test>\n.*mail forwarding loop`), 1); err != nil {
		t.Error(err, joined(r.postfix.Log))
	}
	if all := r.sink.Deliveries(); len(all) != 1 {
		t.Errorf("%d deliveries, want the bounce alone: %v", len(all), all)
	}
}

// checkNoOwner: what goes to the owner of a list that has none, or has another
// list for an owner, reaches postmaster, and never a member; the list works.
func (r *listRelay) checkNoOwner(t *testing.T) {
	t.Helper()
	r.sink.Forget()
	for _, list := range []string{"council", "staff", "nobodys"} {
		if answer := r.send(t, "inbound", "", "", "owner-"+list+"@listes.ac-test.fr"); answer.refused() {
			t.Error(answer)
		}
		await(t, r.postfix.Log, `to=<postmaster@relay\.test>, orig_to=<owner-`+list+"@")
	}
	if answer := r.send(t, "submission", "mdurand", "marie.durand@ecole.test", "council@listes.ac-test.fr"); answer.refused() {
		t.Error(answer)
	}
	if err := r.sink.Await(regexp.MustCompile(`^MAIL FROM:<owner-council@listes\.ac-test\.fr>\nRCPT TO:<member0@`), 1); err != nil {
		t.Error(err, joined(r.postfix.Log))
	}
	if all := r.sink.Deliveries(); len(all) != 1 {
		t.Errorf("%d deliveries, want that to the member of council alone: %v", len(all), all)
	}
}

// checkCopies holds that each member got one copy, in a transaction of its own,
// which names no other member.
func (r *listRelay) checkCopies(t *testing.T, copies []servers.Delivery) {
	t.Helper()
	var reached []string
	for _, c := range copies {
		if len(c.To) != 1 {
			t.Errorf("one transaction to %q", c.To)
			continue
		}
		reached = append(reached, c.To[0])
		for _, other := range slices.Concat(r.members, []string{"gone@ecole.test", "private.test"}) {
			if other != c.To[0] && strings.Contains(c.Text, other) {
				t.Errorf("the copy of %s has %s:\n%s", c.To[0], other, c.Text)
			}
		}
		message, err := mail.ReadMessage(strings.NewReader(c.Text))
		if err != nil {
			t.Fatal(err)
		}
		if replyTo := message.Header["Reply-To"]; !slices.Equal(replyTo, []string{"marie.durand@ecole.test"}) {
			t.Errorf("replies of %s go to %q", c.To[0], replyTo)
		}
	}
	slices.Sort(reached)
	if want := slices.Sorted(slices.Values(r.members)); !slices.Equal(reached, want) {
		t.Errorf("reached %q, want %q", reached, want)
	}
}

// TestDeployedListsRedirect: what a member sends to the list reaches the managers
// and nobody else, though Postfix has written the list otherwise by then.
func TestDeployedListsRedirect(t *testing.T) {
	r := startListRelay(t, listSetup{rules: `unauthorised = "redirect"`})
	for _, list := range []string{"parents@listes.ac-test.fr", "PARENTS+x@listes.ac-test.fr"} {
		r.sink.Forget()
		if answer := r.send(t, "submission", "member3", r.members[3], list, "elsewhere@private.test"); answer.refused() {
			t.Fatal(answer)
		}
		if err := r.sink.Await(regexp.MustCompile(`RCPT TO:<marie\.durand@ecole\.test>`), 1); err != nil {
			t.Error(err, joined(r.postfix.Log))
		}
		if !servers.Wait(r.queueIsEmpty) {
			t.Error("mail waits: ", joined(r.postfix.Log))
		}
		if found := r.sink.Grep(regexp.MustCompile(`RCPT TO:<member`)); len(found) > 0 {
			t.Errorf("%s: members got mail: %v", list, found)
		}
	}
}

// checkClosed: a member's reply reaches the owner alone, what a member or an
// automaton sends to the list reaches nobody.
func (r *listRelay) checkClosed(t *testing.T) {
	t.Helper()
	r.sink.Forget()
	if answer := r.send(t, "submission", "member3", r.members[3], "marie.durand@ecole.test"); answer.refused() {
		t.Error(answer)
	}
	for _, c := range []struct{ listener, login, from, to string }{
		{"submission", "member3", r.members[3], "parents@listes.ac-test.fr"},
		{"submission", "member3", r.members[3], "PARENTS+x@listes.ac-test.fr"},
		{"submission", "", "marie.durand@ecole.test", "parents@listes.ac-test.fr"},
		{"inbound", "", "marie.durand@ecole.test", "parents@listes.ac-test.fr"},
		{"inbound", "", "", "parents@listes.ac-test.fr"},
		{"inbound", "", "", "other@listes.ac-test.fr"},
		{"submission", "member3", r.members[3], "parents@relay.test"},
	} {
		if answer := r.send(t, c.listener, c.login, c.from, c.to); answer.code != 550 && c.to != "parents@relay.test" {
			t.Errorf("%+v: %s", c, answer)
		}
	}
	if err := r.sink.Await(regexp.MustCompile(`RCPT TO:<marie\.durand@ecole\.test>\nReceived`), 1); err != nil {
		t.Error(err)
	}
	r.sendmail(t, "root@listes.ac-test.fr") // who has a mailbox, but is no list
	await(t, r.postfix.Log, `to=<root@listes\.ac-test\.fr>, .* dsn=5\.1\.1, status=bounced`)
	if found := r.sink.Grep(regexp.MustCompile(`RCPT TO:<member`)); len(found) > 0 {
		t.Errorf("members got mail: %v", found)
	}
}
