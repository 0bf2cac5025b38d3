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

func explainCommand() *cobra.Command {
	var a asking
	cmd := &cobra.Command{
		Use:   "explain REFERENCE",
		Short: "Explain a refusal by the reference that its reply quotes",
		Long: "Explain a refusal by the reference that its reply quotes, which is Postfix's queue id:\n" +
			"what was refused, when, on which relay, for whom, by which rule with which numbers,\n" +
			"what the user read, and whether the same message would pass now. Nothing is counted.\n\n" +
			"Exit status: 0 if the reference is explained, 1 if no decision record has it.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			defer client.Close()
			found, err := explainReference(cmd.Context(), &a, client, cmd.OutOrStdout(), args[0])
			if err == nil && !found {
				err = errFound
			}
			return err
		},
	}
	a.flags(cmd)
	return cmd
}

// queueID matches Postfix's queue ids, short and long (postconf(5), enable_long_queue_ids).
// A login may look like one.
var queueID = regexp.MustCompile(`^([0-9A-F]{6,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]{10,12}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]+)$`)

// explainReference explains a queue id. It reports false, and has said so, if no decision
// record has it.
func explainReference(ctx context.Context, a *asking, client *control.Client, out io.Writer, reference string) (found bool, err error) {
	e, err := control.Get[service.Explanation](ctx, client, "/explain/reference/"+url.PathEscape(reference))
	if told, ok := errors.AsType[*control.Error](err); ok && told.Status == http.StatusNotFound {
		fmt.Fprintln(out, told.Sentence)
		if !queueID.MatchString(reference) {
			fmt.Fprintln(out, "It does not look like a reference, which is one of Postfix's queue ids, such as 4F1A2B3C4D5 or 4gHjK21xYzWzNpQ.")
		}
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, a.print(out, e, func() { newExplainView(out).show(&e) })
}
