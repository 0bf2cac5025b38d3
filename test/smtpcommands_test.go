//go:build servers

package test

import (
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// smtpState is a script's SMTP connections and what it said last.
type smtpState struct {
	conns   map[string]*smtpConn
	current *smtpConn
	fresh   int // addresses used so far
}

// defaultConn is the name of a connection that a script does not name.
const defaultConn = "default"

// ehlo introduces the client, by a name that is none of rcptquota's business.
const ehlo = "EHLO client.test"

// hangUp drops the connections that a script left open.
func (s *smtpState) hangUp() {
	for _, c := range s.conns {
		c.close()
	}
	s.conns, s.current = nil, nil
}

// connection is the one that the script is talking on.
func connection(ts *testscript.TestScript) *smtpConn {
	c := of(ts).current
	if c == nil {
		ts.Fatalf("no connection; connect first")
	}
	return c
}

// say says lines and holds each reply to be a refusal, with neg, or none.
func say(ts *testscript.TestScript, neg bool, lines ...string) {
	replies, err := connection(ts).commands(lines)
	show(ts, replies)
	ts.Check(err)
	for i, r := range replies {
		if r.refused() != neg {
			ts.Fatalf("%s: %s", lines[i], r)
		}
	}
}

// show prints replies to stdout, runs of the same one as one line.
func show(ts *testscript.TestScript, replies []reply) {
	for i := 0; i < len(replies); {
		n := 1
		for i+n < len(replies) && replies[i+n] == replies[i] {
			n++
		}
		times := ""
		if n > 1 {
			times = strconv.Itoa(n) + "x "
		}
		_, err := fmt.Fprintf(ts.Stdout(), "%s%s\n", times, replies[i])
		ts.Check(err)
		i += n
	}
}

func connectCommand(ts *testscript.TestScript, neg bool, args []string) {
	flags := flag.NewFlagSet("connect", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	name := flags.String("name", defaultConn, "of the connection")
	if err := flags.Parse(args); err != nil || neg || flags.NArg() < 1 || flags.NArg() > 2 {
		ts.Fatalf("usage: connect [-name=N] LISTENER [LOGIN]")
	}
	c := of(ts)
	address := c.relay.postfix.Address(flags.Arg(0))
	if address == "" {
		ts.Fatalf("no listener %q", flags.Arg(0))
	}
	if old := c.conns[*name]; old != nil {
		old.close()
	}
	conn, greeting, err := dialSMTP(address)
	ts.Check(err)
	if c.conns == nil {
		c.conns = make(map[string]*smtpConn)
	}
	c.conns[*name], c.current = conn, conn
	show(ts, []reply{greeting})
	say(ts, false, ehlo)
	if login := flags.Arg(1); login != "" {
		r, err := conn.login(login)
		ts.Check(err)
		if r.refused() {
			ts.Fatalf("AUTH: %s", r)
		}
	}
}

func onCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: on NAME")
	}
	c := of(ts)
	if c.current = c.conns[args[0]]; c.current == nil {
		ts.Fatalf("no connection %q", args[0])
	}
}

func xclientCommand(ts *testscript.TestScript, neg bool, args []string) {
	say(ts, neg, "XCLIENT "+strings.Join(args, " "))
	if !neg {
		say(ts, false, ehlo)
	}
}

func mailCommand(ts *testscript.TestScript, neg bool, args []string) {
	sender := "sender@example.org"
	if len(args) > 0 {
		sender = args[0]
	}
	say(ts, neg, strings.Join(append([]string{"MAIL FROM:" + path(sender)}, args[min(len(args), 1):]...), " "))
}

func rcptCommand(ts *testscript.TestScript, neg bool, args []string) {
	flags := flag.NewFlagSet("rcpt", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	times := flags.Int("times", 1, "each address so many times")
	again := flags.Bool("again", false, "the latest addresses once more")
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		ts.Fatalf("usage: [!] rcpt [-again] N | [-times=N] ADDRESS ...")
	}
	var lines []string
	if n, err := strconv.Atoi(flags.Arg(0)); err == nil {
		if !*again {
			of(ts).fresh += n
		}
		for i := range n {
			lines = append(lines, fmt.Sprintf("RCPT TO:<r%d@example.net>", of(ts).fresh-i))
		}
	} else {
		for _, address := range flags.Args() {
			for range *times {
				lines = append(lines, "RCPT TO:"+path(address))
			}
		}
	}
	say(ts, neg, lines...)
}

// path puts an address into angle brackets where the script did not.
func path(address string) string {
	if strings.HasPrefix(address, "<") {
		return address
	}
	return "<" + address + ">"
}

func dataCommand(ts *testscript.TestScript, neg bool, _ []string) { say(ts, neg, "DATA") }

// text is that of every message.
const text = "From: sender@example.org\r\nSubject: a case\r\n\r\nHello.\r\n"

func bodyCommand(ts *testscript.TestScript, neg bool, args []string) {
	message := text
	if len(args) > 0 {
		if size, err := strconv.Atoi(args[0]); err == nil {
			message += strings.Repeat("line\r\n", size/6)
		} else {
			message = strings.NewReplacer("\n", "\r\n", "\\0", "\x00").Replace(ts.ReadFile(args[0]))
		}
	}
	say(ts, neg, message+".")
}

// bdatCommand sends the message as one chunk (RFC 3030), in which DATA and the
// text are one command.
func bdatCommand(ts *testscript.TestScript, neg bool, _ []string) {
	say(ts, neg, fmt.Sprintf("BDAT %d LAST\r\n%s", len(text), strings.TrimSuffix(text, "\r\n")))
}

func rsetCommand(ts *testscript.TestScript, neg bool, _ []string) { say(ts, neg, "RSET") }

func quitCommand(ts *testscript.TestScript, neg bool, _ []string) {
	say(ts, neg, "QUIT")
	connection(ts).close()
}

func dropCommand(ts *testscript.TestScript, _ bool, _ []string) { connection(ts).close() }
