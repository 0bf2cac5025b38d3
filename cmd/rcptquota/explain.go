package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
)

// explaining is one run of "rcptquota explain".
type explaining struct {
	asking
	count int
	from  string
	login bool
}

func explainCommand() *cobra.Command {
	var e explaining
	cmd := &cobra.Command{
		Use:   "explain REFERENCE | LOGIN [RECIPIENT...]",
		Short: "Explain a refusal by its reference, or what a sender may do and why",
		Long: "With the reference that a reply quotes, which is Postfix's queue id: what was refused,\n" +
			"when, on which relay, for whom, by which rule with which numbers, what the user read,\n" +
			"and whether the same message would pass now.\n\n" +
			"With a login: the sender's class and why, premium and why, addresses, limits, how much\n" +
			"of each window is used and when it is free again, grants, and how old the directory's\n" +
			"answer is. With recipients, or --count, also whether the sender may post to each list,\n" +
			"and what would become of such a message, with the very reply.\n\n" +
			"Nothing is counted, and recipients are not logged. The verdict is for a client outside\n" +
			"exempt networks, and is that before the header is known.\n\n" +
			"Exit status: 1 if the message would not pass, or if the only argument, without --login,\n" +
			"is neither a login nor the reference of a decision record; otherwise 0.",
		Example: "  rcptquota explain 4F1A2B3C4D5\n" +
			"  rcptquota explain mdurand --count 200\n" +
			"  rcptquota explain mdurand profs@listes.example.org",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.run(cmd.Context(), cmd.OutOrStdout(), args)
		},
		ValidArgsFunction: e.complete,
	}
	e.flags(cmd)
	f := cmd.Flags()
	f.IntVar(&e.count, "count", 0, "make up so many different recipients")
	f.StringVar(&e.from, "from", "", "the envelope sender; default: the sender's first professional address")
	f.BoolVar(&e.login, "login", false, "the argument is a login, although it looks like a reference")
	return cmd
}

// queueID matches Postfix's queue ids, short and long (postconf(5), enable_long_queue_ids).
// A login may look like one.
var queueID = regexp.MustCompile(`^([0-9A-F]{6,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]{10,12}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]+)$`)

// errNoReference is for those who take Postfix's word for a queue id.
var errNoReference = errors.New(`NOQUEUE is no reference: the message had no queue id yet; "rcptquota refusals" lists such messages, too`)

func (e *explaining) run(ctx context.Context, out io.Writer, args []string) error {
	if args[0] == "NOQUEUE" && !e.login {
		return errNoReference
	}
	mayBeReference := len(args) == 1 && e.count == 0 && e.from == "" && !e.login
	var ok bool
	var err error
	if mayBeReference && queueID.MatchString(args[0]) {
		ok, err = explainReference(ctx, &e.asking, out, args[0])
	} else {
		ok, err = e.explainSender(ctx, out, args, mayBeReference)
	}
	if err == nil && !ok {
		err = errFound
	}
	return err
}

// explainReference explains a queue id. It reports false, and has said so, if no decision
// record has it.
func explainReference(ctx context.Context, a *asking, out io.Writer, reference string) (found bool, err error) {
	e, err := getReference(ctx, a, reference)
	if isNotFound(err) {
		fmt.Fprintln(out, err)
		fmt.Fprintln(out, "If it is the login of a sender, add --login.")
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, a.print(out, e, func() { newExplainView(out).show(&e) })
}

// explainSender explains what a sender may do; after the login come the recipients. It
// reports false if the message that is asked about would not pass. What the directory does
// not know as a login may still be a reference, of whatever form.
func (e *explaining) explainSender(ctx context.Context, out io.Writer, args []string, mayBeReference bool) (passes bool, err error) {
	in := service.ExplainRequest{Login: args[0], Recipients: args[1:], Count: e.count, From: e.from}
	told, err := post[service.SenderExplanation](ctx, &e.asking, "/explain/sender", in)
	if err != nil {
		return false, err
	}
	if mayBeReference && told.Directory.Answer == "absent" {
		if r, err := getReference(ctx, &e.asking, args[0]); err == nil {
			return true, e.print(out, r, func() { newExplainView(out).show(&r) })
		} else if isNotFound(err) {
			return false, e.print(out, told, func() { newSenderView(out).unknown(&told) })
		}
	}
	passes = told.Verdict == nil || told.Verdict.Passes
	return passes, e.print(out, told, func() { newSenderView(out).show(&told) })
}

// isNotFound reports whether an answer is that there is no such thing.
func isNotFound(err error) bool {
	told, ok := errors.AsType[*control.Error](err)
	return ok && told.Status == http.StatusNotFound
}

func getReference(ctx context.Context, a *asking, reference string) (service.Explanation, error) {
	return get[service.Explanation](ctx, a, "/explain/reference/"+url.PathEscape(reference))
}

// complete offers a login, and then lists.
func (e *explaining) complete(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return e.known(cmd.Context(), "logins", prefix)
	}
	return e.known(cmd.Context(), "lists", prefix)
}
