package main

import (
	"context"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
)

// completeTimeout is how long somebody who pressed the tabulator waits.
const completeTimeout = time.Second

// known asks the running rcptquota for logins or lists that it knows and that begin with
// prefix. Where it does not answer, there are none: a shell has no place for an error.
func (a *asking) known(ctx context.Context, kind, prefix string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(ctx, completeTimeout)
	defer cancel()
	query := url.Values{"kind": {kind}, "prefix": {prefix}}
	found, err := get[service.Completions](ctx, a, "/complete?"+query.Encode())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return found.Words, cobra.ShellCompDirectiveNoFileComp
}

// completeOne offers words of a kind for the first argument.
func (a *asking) completeOne(kind string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.known(cmd.Context(), kind, prefix)
	}
}
