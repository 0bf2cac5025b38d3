//go:build servers

package test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

const (
	// untilPatience bounds the until command, many times the TTL of any case.
	untilPatience = 30 * time.Second
	// untilTick is how often it tries: rarely enough that Postfix is not buried.
	untilTick = 100 * time.Millisecond
)

func untilCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: until REGEXP RECIPIENTS|ADDRESS")
	}
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	recipients := []string{args[1]}
	if n, err := strconv.Atoi(args[1]); err == nil {
		recipients = someRecipients(n)
	}
	deadline := time.Now().Add(untilPatience)
	ticker := time.NewTicker(untilTick)
	defer ticker.Stop()
	for {
		r, err := connection(ts).messageTo(recipients)
		ts.Check(err)
		if want.MatchString(r.String()) {
			show(ts, []reply{r})
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("after %v, the reply is still %s", untilPatience, r)
		}
		<-ticker.C
	}
}

// messagesCommand sends messages that must pass.
func messagesCommand(ts *testscript.TestScript, neg bool, args []string) {
	var messages, recipients int
	if _, err := fmt.Sscan(strings.Join(args, " "), &messages, &recipients); err != nil || neg {
		ts.Fatalf("usage: messages COUNT RECIPIENTS")
	}
	for range messages {
		r, err := connection(ts).message(recipients)
		ts.Check(err)
		if r.refused() {
			ts.Fatalf("%s", r)
		}
	}
}

func someRecipients(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("u%d@example.net", i)
	}
	return all
}

// message sends one message to so many, as messageTo does.
func (c *smtpConn) message(recipients int) (reply, error) {
	return c.messageTo(someRecipients(recipients))
}

// messageTo sends one message and returns the reply that decides about it. The
// transaction is over then.
func (c *smtpConn) messageTo(recipients []string) (reply, error) {
	return c.messageFrom("sender@example.org", recipients)
}

// messageFrom is messageTo with an envelope sender.
func (c *smtpConn) messageFrom(sender string, recipients []string) (reply, error) {
	lines := []string{"MAIL FROM:<" + sender + ">"}
	for _, address := range recipients {
		lines = append(lines, "RCPT TO:<"+address+">")
	}
	replies, err := c.commands(append(lines, "DATA"))
	if err != nil {
		return reply{}, err
	}
	decisive := replies[len(replies)-1]
	if len(recipients) == 1 && replies[1].refused() { // in role inbound
		decisive = replies[1]
	}
	if decisive.refused() {
		_, err = c.command("RSET")
		return decisive, err
	}
	return c.command(text + ".")
}
