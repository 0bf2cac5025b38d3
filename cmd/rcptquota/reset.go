package main

import (
	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
)

func resetCommand() *cobra.Command {
	var a asking
	var why string
	cmd := &cobra.Command{
		Use:   "reset LOGIN --why TEXT",
		Short: "Forget what is counted of a sender in all windows",
		Long: "Forget what is counted of a sender, so that all windows are empty again: on all relays\n" +
			"that share the store, under all of the person's logins. Limits of one message, grants\n" +
			"and premium stay. What another relay counted by itself while Redis was away stays\n" +
			"counted there. The log says who asked for it, and why.\n\n" +
			"Exit status: 0 if it is forgotten, 1 if something may still be counted, 2 when nobody\n" +
			"answers.",
		Example: "  rcptquota reset mdurand --why \"the loop in her mail program is mended\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			done, err := post[service.Reset](cmd.Context(), &a, "/reset", service.ResetRequest{Login: args[0], Why: why})
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if err := a.print(out, done, func() { printReset(term.New(out), &done) }); err != nil {
				return err
			}
			if done.Problem != "" {
				return errFound
			}
			return nil
		},
	}
	a.flags(cmd)
	cmd.Flags().StringVar(&why, "why", "", "the reason, which is logged")
	markRequired(cmd, "why")
	cmd.ValidArgsFunction = a.completeOne("logins")
	return cmd
}

func printReset(p *term.Printer, done *service.Reset) {
	switch {
	case done.Problem != "":
		p.Line("PROBLEM: %s", done.Problem)
	case done.Used == 0:
		p.Line("Nothing was counted of %s.", done.Login)
	default:
		p.Line("The windows of %s are empty again; the fullest held %s.", done.Login, term.Count(done.Used, "recipient", "recipients"))
	}
}
