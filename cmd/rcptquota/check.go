package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/ldap"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter"
)

// checking is one run of "rcptquota check".
type checking struct {
	path    string // of the configuration
	logins  []string
	lists   []string // addresses
	offline bool
	postfix postfixChecking
}

func checkCommand() *cobra.Command {
	var c checking
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read the configuration, try its LDAP servers and Redis, and report every mistake with file, line and key",
		Long: "Read the configuration, try its LDAP servers and Redis, and report every mistake with\n" +
			"file, line and key. The LDAP servers must answer, let us bind, have the base, and know\n" +
			"every attribute and object class in the configuration: a filter with a wrong one would\n" +
			"find nothing, without an error. Redis must let us count.\n\n" + checkPostfixLong +
			"Exit status: 0 if there are no mistakes, 1 otherwise.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.postfix.arguments(args); err != nil {
				return err
			}
			err := c.run(cmd.Context(), cmd.OutOrStdout())
			if err != nil && !errors.Is(err, errFound) {
				fmt.Fprintln(cmd.ErrOrStderr(), err)
				err = errFound
			}
			return err
		},
	}
	configFlag(cmd, &c.path)
	f := cmd.Flags()
	f.StringArrayVar(&c.logins, "login", nil, "the login of a sender to look up; may be repeated")
	f.StringArrayVar(&c.lists, "list", nil, "the address of a list, to show who may post to it; may be repeated")
	f.BoolVar(&c.offline, "offline", false, "read the files only, and ask no server")
	c.postfix.flags(cmd)
	cmd.MarkFlagsMutuallyExclusive("login", "offline")
	cmd.MarkFlagsMutuallyExclusive("list", "offline")
	return cmd
}

func (c *checking) run(ctx context.Context, out io.Writer) error {
	settings, err := config.Load(c.path)
	if err != nil {
		return err
	}
	if c.postfix.folder == "" {
		return c.runOurs(ctx, out, settings, nil)
	}
	// Postfix is read whatever is wrong with the servers: errors.Is finds errFound only
	// where nothing else is.
	members := map[string]int{}
	ours := c.runOurs(ctx, c.postfix.ours(out), settings, members)
	theirs := c.postfix.run(ctx, out, settings, members)
	if ours != nil && errors.Is(theirs, errFound) {
		return ours
	}
	return errors.Join(ours, theirs)
}

// runOurs looks at the configuration and its servers, and puts the number of members of
// each list into members, unless that is nil.
func (c *checking) runOurs(ctx context.Context, out io.Writer, settings *config.Config, members map[string]int) error {
	settings.Directory.CountMembers = settings.Directory.CountMembers || members != nil
	// As serve would: a directory in a file is read whole.
	directory, err := ldapcache.Open(settings.Directory, settings.Rules().MatchAttributes())
	if err != nil {
		return err
	}
	defer directory.Close() //nolint:errcheck // nothing was written
	lines := settings.Rules().Summary()
	if settings.Rules().HasPremium() {
		lines = append(lines, settings.Premium.Summary())
	}
	if settings.Rules().Lists().Any() && !slices.ContainsFunc(settings.Listen, isInbound) {
		lines = append(lines, `lists: no [[listen]] has role = "inbound": mail from elsewhere to lists is for another relay to look at`)
	}
	for _, l := range settings.Listen {
		if l.CountsAtData() {
			line := "listen " + l.Address + ": counts at DATA; lists accept no mail through it"
			if settings.Rules().LimitsVisible() {
				line += "; visible_recipients is not looked at"
			}
			lines = append(lines, line)
		}
	}
	var designated []roster.Designation
	if !c.offline {
		if designated, err = c.ask(ctx, settings, directory, &lines); err != nil {
			return conf.Locate(c.path, err)
		}
	}
	fmt.Fprintf(out, "%s: good; Postfix needs smtpd_recipient_limit = %d or more\n%s\n",
		c.path, settings.Rules().HighestLimit()+1, strings.Join(lines, "\n"))
	var unknown []error
	for _, login := range c.logins {
		unknown = append(unknown, show(ctx, out, settings, directory, designated, login))
	}
	return errors.Join(append(unknown, showLists(ctx, out, settings, directory, c.lists, members))...)
}

// ask tries the directory and Redis, and adds to lines what it finds.
func (c *checking) ask(ctx context.Context, settings *config.Config, directory ldapcache.Directory, lines *[]string) ([]roster.Designation, error) {
	var verified []string
	var mistakes error
	if settings.Directory.Source == "ldap" {
		verified, mistakes = ldap.Verify(ctx, settings.Directory.Config, settings.MatchedAttributes(), settings.Rules().Lists().Any())
	}
	counted, err := counter.Verify(ctx, settings.Store)
	if err := errors.Join(mistakes, err); err != nil {
		return nil, err
	}
	*lines = append(append(*lines, verified...), counted...)
	designated, unresolved, err := directory.Designations(ctx)
	if err != nil {
		return nil, conf.Errorf("directory.premium_filter", "%v", err)
	}
	line := fmt.Sprintf("designations: %d", len(designated))
	if len(unresolved) > 0 {
		line += fmt.Sprintf("; %d members of designation groups cannot be resolved, such as %q", len(unresolved), unresolved[0])
	}
	*lines = append(*lines, line)
	return designated, nil
}

// show prints what the directory knows of a sender. The roster says whether a
// designation is in effect.
func show(ctx context.Context, out io.Writer, settings *config.Config, directory quota.Directory, designated []roster.Designation, login string) error {
	sender, err := directory.Sender(ctx, login)
	if err != nil {
		return fmt.Errorf("login %s: %w", login, err)
	}
	premium := "not designated"
	i := slices.IndexFunc(designated, func(d roster.Designation) bool { return d.Sender == sender.ID })
	if i >= 0 {
		premium = "designated under " + cmp.Or(designated[i].Establishment, "no establishment")
	}
	term.New(out).Line("login %s: class %s; %s; establishment %s; addresses %s; entry %s",
		login, settings.Rules().ClassOf(login, &sender), premium, cmp.Or(sender.Establishment, "unknown"),
		cmp.Or(strings.Join(sender.Addresses, " "), "none"), sender.ID)
	return nil
}
