//go:build servers

package test

import (
	"flag"
	"io"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// deliveredCommand looks at what reached the sink since the case began.
func deliveredCommand(ts *testscript.TestScript, neg bool, args []string) {
	flags := flag.NewFlagSet("delivered", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	count := flags.Int("count", 0, "exactly so many")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 || neg && *count > 0 {
		ts.Fatalf("usage: delivered [-count=N] REGEXP | ! delivered REGEXP")
	}
	pattern, err := regexp.Compile("(?ms)" + flags.Arg(0))
	ts.Check(err)
	sink := of(ts).relay.sink
	if !neg {
		ts.Check(sink.Await(pattern, max(*count, 1)))
	}
	if found := sink.Grep(pattern); neg && len(found) > 0 || *count > 0 && len(found) != *count {
		ts.Fatalf("%d deliveries match:\n%v", len(found), found)
	}
}
