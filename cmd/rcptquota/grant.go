package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/period"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
)

// granting is one run of "rcptquota grant".
type granting struct {
	asking
	until, why string
	unknown    bool
}

func grantCommand() *cobra.Command {
	var g granting
	cmd := &cobra.Command{
		Use:   "grant LOGIN +N --until TIME --why TEXT",
		Short: "Allow one sender N more recipients for a while",
		Long: "Allow one sender N more recipients for a while: on top of the limit per message and of\n" +
			"every window, on all relays, under all of the person's logins. Several grants of one\n" +
			"person add up. The log says who granted it, and why.",
		Example: "  rcptquota grant mdurand +200 --until today --why \"the letter about the strike\"",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.run(cmd.Context(), cmd.OutOrStdout(), args[0], args[1])
		},
	}
	g.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&g.until, "until", "", "until when: "+period.FutureForms)
	f.StringVar(&g.why, "why", "", "the reason, which is kept with the grant and logged")
	f.BoolVar(&g.unknown, "unknown", false, "grant it though the directory does not know the login")
	markRequired(cmd, "until", "why")
	return cmd
}

// markRequired marks flags that must be given.
func markRequired(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // there is no such flag
		}
	}
}

func (g *granting) run(ctx context.Context, out io.Writer, login, number string) error {
	n, err := strconv.Atoi(strings.TrimPrefix(number, "+"))
	if err != nil {
		return fmt.Errorf("%q is no number of recipients; write how many more, as in +200", number)
	}
	until, err := period.ParseFuture(g.until, time.Now())
	if err != nil {
		return fmt.Errorf("--until: %w", err)
	}
	in := service.GrantRequest{Login: login, Recipients: n, Until: until, Why: g.why, Unknown: g.unknown}
	granted, err := post[service.Granted](ctx, &g.asking, "/grants", in)
	if err != nil {
		return err
	}
	granted.Postfix = cutByPostfix(ctx, granted.Limit)
	return g.print(out, granted, func() {
		p := term.New(out)
		p.Line("%s may write to %d more recipients until %s (grant %s).", granted.Login, granted.Recipients, granted.Until.Local().Format(timeLayout), granted.ID)
		if granted.Class != "" {
			p.Line("One message may now have %d, with the limit of class %s and all that was granted.", granted.Limit, granted.Class)
		}
		if granted.Note != "" {
			p.Line("Note: %s", granted.Note)
		}
		if granted.Postfix != "" {
			p.Line("WARNING: %s", granted.Postfix)
		}
	})
}

func grantsCommand() *cobra.Command {
	var a asking
	cmd := &cobra.Command{
		Use:   "grants",
		Short: "List who may write to more recipients for a while, until when, and why",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			grants, err := get[service.Grants](cmd.Context(), &a, "/grants")
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			return a.print(out, grants, func() { printGrants(term.New(out), &grants) })
		},
	}
	a.flags(cmd)
	return cmd
}

func printGrants(p *term.Printer, grants *service.Grants) {
	if len(grants.Grants) == 0 {
		p.Line("Nobody has been granted more.")
	} else {
		t := term.NewTable("grant", "login", ">more", "until", "granted by", "on", "why")
		for _, g := range grants.Grants {
			t.Row(g.ID, g.Login, g.Recipients, g.Until.Local().Format("2006-01-02 15:04"), g.By, g.Granted.Local().Format("2006-01-02 15:04"), g.Why)
		}
		p.Table(t)
	}
	if grants.Problem != "" {
		p.Line("There may be others: %s", grants.Problem)
	}
}

func revokeCommand() *cobra.Command {
	var a asking
	var why string
	cmd := &cobra.Command{
		Use:   "revoke GRANT|LOGIN --why TEXT",
		Short: "Take back a grant, or all grants of a login",
		Long: "Take back a grant by its id, or all grants of a login; \"rcptquota grants\" lists both.\n" +
			"What was sent with it stays sent, and counted. The log says who revoked it, and why.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			revoked, err := post[service.Grants](cmd.Context(), &a, "/grants/revoke", service.RevokeRequest{Grant: args[0], Why: why})
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			return a.print(out, revoked, func() {
				p := term.New(out)
				for _, g := range revoked.Grants {
					p.Line("Revoked %s: %s may no longer write to %d more recipients.", g.ID, g.Login, g.Recipients)
				}
			})
		},
	}
	a.flags(cmd)
	cmd.Flags().StringVar(&why, "why", "", "the reason, which is logged")
	markRequired(cmd, "why")
	return cmd
}
