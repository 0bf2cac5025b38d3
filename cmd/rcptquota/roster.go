package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/logging"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
)

var errNoPremium = errors.New("premium senders have no class of their own, so that no roster is kept")

func rosterCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "roster",
		Short: "Show or renew the roster of premium senders",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(rosterShowCommand(), rosterRefreshCommand())
	return cmd
}

func rosterShowCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show who is premium, who will be from when, and who is not because of the establishment's limit",
		Long: "Show who is premium, who will be from when, and who is not because the establishment\n" +
			"already has its number of premium senders. All relays use this roster. With\n" +
			"activation = \"immediate\", it is what the directory says now.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadRosterConfig(path)
			if err != nil {
				return err
			}
			return showRoster(cmd.Context(), c, cmd.OutOrStdout())
		},
	}
	configFlag(cmd, &path)
	return cmd
}

func rosterRefreshCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "Copy the designations from the directory now, with immediate effect on all relays",
		Long: "Copy the designations from the directory now instead of at the next cutoff. The copy\n" +
			"takes effect at once; all relays use it within seconds. It also replaces a copy that is\n" +
			"pending.\n\n" +
			"A refresh also confirms that the directory is right. If nearly everybody is missing from\n" +
			"the directory, the relays do not believe it and keep the previous roster until somebody\n" +
			"corrects the directory or confirms it by a refresh. With activation = \"immediate\",\n" +
			"confirming is all that a refresh does. It prints what it replaces, and who is no longer\n" +
			"premium.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadRosterConfig(path)
			if err != nil {
				return err
			}
			return refreshRoster(cmd.Context(), c, cmd.OutOrStdout())
		},
	}
	configFlag(cmd, &path)
	return cmd
}

func loadRosterConfig(path string) (*config.Config, error) {
	c, err := config.Load(path)
	if err == nil && !c.Rules().HasPremium() {
		err = errNoPremium
	}
	return c, err
}

func showRoster(ctx context.Context, c *config.Config, out io.Writer) (err error) {
	calendar, err := c.Premium.Calendar()
	if err != nil {
		return err
	}
	view := rosterView{out: out, calendar: calendar, limit: c.Premium.PerEstablishment}
	store, err := c.OpenRosterStore()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	state, err := roster.Read(ctx, store)
	if err != nil {
		return err
	}
	if !c.Premium.Weekly() {
		directory, err := ldapcache.Open(c.Directory, nil)
		if err != nil {
			return err
		}
		defer directory.Close() //nolint:errcheck // nothing was written
		taken, err := roster.Preview(ctx, c.Premium.Config, directory)
		if err != nil {
			return err
		}
		view.immediate(taken, state.Newest())
		return nil
	}
	view.weekly(state, time.Now())
	return nil
}

func refreshRoster(ctx context.Context, c *config.Config, out io.Writer) (err error) {
	calendar, err := c.Premium.Calendar()
	if err != nil {
		return err
	}
	log, err := c.Log.Open(os.Stderr, logging.StderrIsTerminal(), c.Hostname)
	if err != nil {
		return err
	}
	directory, err := ldapcache.Open(c.Directory, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, directory.Close()) }()
	store, err := c.OpenRosterStore()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	taken, replaced, err := roster.Refresh(ctx, c.Premium.Config, directory, store, log)
	if err != nil {
		return err
	}
	view := rosterView{out: out, calendar: calendar, limit: c.Premium.PerEstablishment}
	view.refreshed(taken, replaced, time.Now())
	if c.Premium.Weekly() {
		view.nextCopy(taken.Taken)
		fmt.Fprintf(out, "All relays use it within %v.\n", roster.Spread)
	} else {
		fmt.Fprintf(out, "Relays that did not believe the directory do so within %v.\n", roster.CopiedWithin(c.CopyEvery()))
	}
	return nil
}
