package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
)

func statusCommand() *cobra.Command {
	var a asking
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the status of the running rcptquota: its configuration, sockets, directory, store and roster",
		Long: "Show the status of the running rcptquota: its configuration and the age of that, its\n" +
			"sockets, the directory and its servers, the counts' store, the roster of premium\n" +
			"senders, and whatever does not work as it should.\n\n" +
			"Exit status: 0 if all is well, 1 if something is not, 2 when nobody answers.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := get[service.Status](cmd.Context(), &a, "/status")
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if err := a.print(out, st, func() { (&statusView{term.New(out), time.Now()}).show(&st) }); err != nil {
				return err
			}
			if st.Degraded {
				return errFound
			}
			return nil
		},
	}
	a.flags(cmd)
	return cmd
}

// statusView writes a status for people to read.
type statusView struct {
	*term.Printer
	now time.Time
}

func (v *statusView) show(st *service.Status) {
	v.Line("rcptquota %s%s, process %d, running for %s", st.Version, prefixed(" on ", st.Relay), st.PID, age(v.now.Sub(st.Started)))
	if !st.Degraded {
		v.Line("Everything works.")
	}
	for _, problem := range st.Problems {
		v.Line("PROBLEM: %s", problem)
	}
	v.config(&st.Config)
	v.Heading("Postfix: %s", term.Count(st.Connections, "connection", "connections"))
	sockets := term.NewTable("socket", "role", ">messages without an end")
	for _, l := range st.Listeners {
		sockets.Row(l.Address, l.Role, l.Unended)
	}
	v.Table(sockets)
	v.directory(&st.Directory)
	v.Heading("Counts: %s", storeInWords(&st.Store))
	v.roster(st.Roster)
	if st.Log.Waiting > 0 || st.Log.Dropped > 0 {
		v.Heading("Log: %d records wait to be written, %d were dropped", st.Log.Waiting, st.Log.Dropped)
	}
}

func (v *statusView) config(c *service.ConfigStatus) {
	v.Heading("Configuration: %s", c.Path)
	why := "at the start"
	if c.LoadedBy != "" {
		why = "by a reload that " + c.LoadedBy + " asked for"
	}
	v.Line("  read %s ago, %s", age(v.now.Sub(c.Loaded)), why)
	if !c.Changed.IsZero() {
		v.Line("  the file was changed %s ago, and that is not in force yet", age(v.now.Sub(c.Changed)))
	}
	if !c.Enforce {
		v.Line("  enforce = false: nothing is refused, and the log says would_refuse")
	}
	for _, class := range c.Classes {
		v.Line("  %s", class)
	}
}

func (v *statusView) directory(d *service.DirectoryStatus) {
	if d.Source != "ldap" {
		v.Heading("Directory: in a %s", d.Source)
		return
	}
	v.Heading("Directory: LDAP; %s and %s in list domains remembered", term.Count(d.Senders, "sender", "senders"), term.Count(d.Lists, "address", "addresses"))
	servers := term.NewTable("server", "state")
	for _, s := range d.Servers {
		state := term.Cell{Text: "up", Style: term.Good}
		switch {
		case !s.Up:
			state = term.Cell{Text: "away", Style: term.Bad}
		case s.InUse:
			state.Text = "up, in use"
		}
		servers.Row(s.URL, state)
	}
	v.Table(servers)
}

func (v *statusView) roster(r *service.RosterStatus) {
	switch {
	case r == nil:
		v.Heading("Premium senders: they have no class of their own")
	case r.Premium == nil:
		v.Heading("Premium senders: not known")
	default:
		v.Heading("Premium senders: %d", *r.Premium)
		v.Line("  copied from the directory %s ago, in effect for %s", age(v.now.Sub(r.Copied)), age(v.now.Sub(r.Effect)))
	}
}

func storeInWords(st *service.StoreStatus) string {
	switch st.Kind {
	case "redis":
		where := "in Redis, " + strings.Join(st.Addresses, ", ")
		if st.Problem != "" {
			where += ", which is away"
		}
		return where
	case "embedded":
		return "of this relay alone, in state_dir"
	}
	return "none, since no class has windows"
}

// age writes a time that has passed, as roughly as people say it.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return term.Count(int(d/time.Second), "second", "seconds")
	case d < 2*time.Hour:
		return term.Count(int(d/time.Minute), "minute", "minutes")
	case d < 2*day:
		return term.Count(int(d/time.Hour), "hour", "hours")
	}
	return term.Count(int(d/day), "day", "days")
}

// prefixed is text after prefix, or nothing.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}
