//go:build servers

package test

import (
	"flag"
	"io"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rcptquota/rcptquota/test/servers"
)

func recordCommand(ts *testscript.TestScript, neg bool, args []string) {
	logCommand(ts, of(ts).log, neg, args)
}

func maillogCommand(ts *testscript.TestScript, neg bool, args []string) {
	logCommand(ts, of(ts).relay.postfix.Log, neg, args)
}

// logCommand waits for lines of a log, or makes sure that there are none.
func logCommand(ts *testscript.TestScript, log *servers.LogFile, neg bool, args []string) {
	flags := flag.NewFlagSet("log", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	count := flags.Int("count", 0, "exactly so many lines; 0: at least one")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		ts.Fatalf("usage: [!] record|maillog [-count=N] REGEXP")
	}
	pattern, err := regexp.Compile(flags.Arg(0))
	ts.Check(err)
	if neg {
		if found := log.Grep(pattern); len(found) > 0 {
			ts.Fatalf("%s", found[0])
		}
		return
	}
	found, err := log.Await(pattern, max(*count, 1))
	ts.Check(err)
	if *count > 0 && len(found) > *count {
		ts.Fatalf("%d lines match, not %d: %s", len(found), *count, found[*count])
	}
	for _, line := range found {
		_, err := io.WriteString(ts.Stdout(), line+"\n")
		ts.Check(err)
	}
}
