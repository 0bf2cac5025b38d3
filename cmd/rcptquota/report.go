package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/logfile"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/period"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/report"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
	"github.com/rcptquota/rcptquota/quota/history"
)

// reporting is one run of "rcptquota report".
type reporting struct {
	span
	format
	asked asking // for decision records
	top   int
	files []string
}

func reportCommand() *cobra.Command {
	var r reporting
	cmd := &cobra.Command{
		Use:   "report [FILE…]",
		Short: "Tell who was refused, when, and why: tables and bars, CSV, JSON, or a page to mail",
		Long: "Tell how many messages were refused, deferred, redirected or put on hold: by reason, sender, list,\n" +
			"class, day and hour.\n\n" +
			"Without a FILE, the running rcptquota is asked for its decision records: those of all\n" +
			"relays that share its store, of the last 30 days by default. Messages that were simply\n" +
			"accepted have none. With files, rcptquota's own log is read.\n\n" +
			"A FILE is the log in logfmt or JSON, with or without what syslog writes before each\n" +
			"record, or \"journalctl -o json\"; gzip and bzip2 are recognised, \"-\" is standard input,\n" +
			"and the order of the files does not matter. Lines that are no records of messages are\n" +
			"passed over. Damaged ones are counted, and the place of the first is told.",
		Example: "  rcptquota report --since 7d\n" +
			"  journalctl -u rcptquota -o json --since -7d | rcptquota report -\n" +
			"  rcptquota report --since 7d /var/log/rcptquota.log*\n" +
			"  rcptquota report --html --since 4w /var/log/rcptquota.log* > november.html",
		RunE: func(cmd *cobra.Command, files []string) error {
			r.files = files
			return r.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	configFlag(cmd, &r.asked.config)
	cmd.Flags().StringVar(&r.asked.socket, "socket", "", "the control socket of the running rcptquota; default: as the configuration file says")
	r.span.flags(cmd)
	r.format.flags(cmd, true)
	cmd.Flags().IntVar(&r.top, "top", 15, "how many rows a table has for a person, and in HTML; 0: all. CSV and JSON always have all")
	return cmd
}

func (r *reporting) run(ctx context.Context, stdin io.Reader, out, notes io.Writer) error {
	now := time.Now()
	s := report.New(time.Local)
	var err error
	if s.Since, s.Until, err = r.parse(now); err != nil {
		return err
	}
	if err := r.add(ctx, s, stdin, notes); err != nil {
		return err
	}
	switch {
	case r.csv:
		return s.WriteCSV(out)
	case r.json:
		return s.WriteJSON(out)
	case r.html:
		return s.WriteHTML(out, r.top, now)
	}
	s.WriteText(term.New(out), r.top)
	return nil
}

// add adds up the files or, if there are none, the decision records.
func (r *reporting) add(ctx context.Context, s *report.Summary, stdin io.Reader, notes io.Writer) error {
	if len(r.files) == 0 {
		return r.addDecisions(ctx, s)
	}
	progress := logfile.NewProgress(notes, r.files)
	defer progress.Done()
	opened := 0
	var errs error
	for _, name := range r.files {
		f, err := logfile.Open(name, stdin, progress)
		if err != nil {
			errs = errors.Join(errs, err)
			s.Trouble.Broken(err)
			continue
		}
		opened++
		s.Read(f)
	}
	if opened == 0 {
		return errs
	}
	return nil
}

// addDecisions adds up the decision records, which a running rcptquota has.
func (r *reporting) addDecisions(ctx context.Context, s *report.Summary) error {
	client, err := r.asked.client()
	if err != nil {
		return errNoLog(err)
	}
	defer client.Close()
	query := url.Values{"most": {"0"}}
	if !s.Since.IsZero() {
		query.Set("since", s.Since.Format(time.RFC3339))
	}
	s.Decisions = true
	err = control.FollowLines(ctx, client, "/refusals?"+query.Encode(), func(d history.Record) error {
		s.AddDecision(&d)
		return nil
	})
	return errNoLog(err)
}

// errNoLog says what to give instead of the decision records; nil stays nil.
func errNoLog(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("no FILE is given, and there are no decision records: %w; a log is given as in \"journalctl -u rcptquota -o json | rcptquota report -\"", err)
}

// span is the flags --since and --until.
type span struct{ since, until string }

func (s *span) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.since, "since", "", "leave out what was before: "+period.Forms)
	cmd.Flags().StringVar(&s.until, "until", "", "leave out what was from then on; the same forms")
}

// parse returns the times; the zero time for a flag that is not given.
func (s *span) parse(now time.Time) (since, until time.Time, err error) {
	for _, f := range []struct {
		name, text string
		to         *time.Time
	}{{"since", s.since, &since}, {"until", s.until, &until}} {
		if f.text == "" {
			continue
		}
		if *f.to, err = period.Parse(f.text, now); err != nil {
			return since, until, fmt.Errorf("--%s: %w", f.name, err)
		}
	}
	if !since.IsZero() && !until.IsZero() && !since.Before(until) {
		return since, until, fmt.Errorf("--since %s is not before --until %s", s.since, s.until)
	}
	return since, until, nil
}

// format is the flags that choose how a command writes what it found.
type format struct{ csv, json, html bool }

func (f *format) flags(cmd *cobra.Command, html bool) {
	cmd.Flags().BoolVar(&f.csv, "csv", false, "write CSV, for a spreadsheet")
	cmd.Flags().BoolVar(&f.json, "json", false, "write JSON, for a program")
	names := []string{"csv", "json"}
	if html {
		cmd.Flags().BoolVar(&f.html, "html", false, "write one HTML file with charts, which can be mailed")
		names = append(names, "html")
	}
	cmd.MarkFlagsMutuallyExclusive(names...)
}
