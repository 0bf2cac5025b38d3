package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/logfile"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/maillog"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/replay"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/quota"
)

// replaying is one run of "rcptquota replay".
type replaying struct {
	span
	format
	config    string
	directory bool
	added     []string
	top       int
}

func replayCommand() *cobra.Command {
	var r replaying
	cmd := &cobra.Command{
		Use:   "replay FILE…",
		Short: "Tell from Postfix's own log whom the configured limits and windows would have refused",
		Long: "Read Postfix's mail log, and ask the rules of the configuration about every message with\n" +
			"a login: what would have been refused or deferred, were they in force? Nothing is sent,\n" +
			"counted or logged, and rcptquota need not run.\n\n" +
			"A FILE is mail.log with traditional or RFC 3339 time stamps, or \"journalctl -o json\";\n" +
			"gzip and bzip2 are recognised, and \"-\" is standard input. Rotated files, and those of\n" +
			"several relays, may be given in any order. Start some days before what you want to know\n" +
			"(--since), so that windows are full as they were.\n\n" +
			"Without --directory, a sender's class is that of the domain of the login or of the\n" +
			"envelope sender, else the default class; nobody is premium, and no address is a list.\n" +
			"With it, the configured directory and the roster in effect now say who senders are.\n\n" +
			"The log names the recipients of deliveries. Where that does not tell how many recipients\n" +
			"the client gave, a number has a least and a most, as in \"3–5\": of 3 messages it is sure\n" +
			"that they would have been refused, of 2 more it is possible. A message that would have\n" +
			"been refused counts for nothing afterwards; nobody knows whether it would have been sent\n" +
			"again.",
		Example: "  rcptquota replay /var/log/mail.log*\n" +
			"  rcptquota replay --config draft.toml --since 4w --directory /var/log/mail.log*\n" +
			"  journalctl -t postfix/smtpd -t postfix/submission/smtpd -t postfix/cleanup -t postfix/qmgr \\\n" +
			"    -t postfix/smtp -t postfix/lmtp -t postfix/local -o json | rcptquota replay --csv - > refused.csv",
		Args: func(_ *cobra.Command, files []string) error {
			if len(files) == 0 {
				return errors.New("name the files of Postfix's log, such as /var/log/mail.log*, or \"-\" for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			return r.run(cmd.Context(), files, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	configFlag(cmd, &r.config)
	r.span.flags(cmd)
	r.format.flags(cmd, false)
	f := cmd.Flags()
	f.BoolVar(&r.directory, "directory", false, "ask the configured directory about each sender and list")
	f.StringArrayVar(&r.added, "added", nil, "an address that Postfix or a milter adds to messages (always_bcc), and so is nobody's recipient; may be repeated")
	f.IntVar(&r.top, "top", 20, "how many senders to show a person; 0: all. JSON always has all")
	return cmd
}

func (r *replaying) run(ctx context.Context, files []string, stdin io.Reader, out, notes io.Writer) (err error) {
	c, err := config.Load(r.config)
	if err != nil {
		return err
	}
	q := &replay.Replay{Rules: c.Rules(), Added: r.added, Location: time.Local}
	if q.Since, q.Until, err = r.parse(time.Now()); err != nil {
		return err
	}
	if r.csv {
		q.Stopped = out
	}
	if r.directory {
		directory, err := ldapcache.Open(c.Directory, c.Rules().MatchAttributes())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, directory.Close()) }()
		if q.Directory, err = premiumNow(ctx, c, directory); err != nil {
			return err
		}
	}
	result, err := r.read(ctx, q, files, stdin, notes)
	if err != nil {
		return err
	}
	switch {
	case r.csv:
		for _, note := range result.Notes(classesBy(c, r.directory)) {
			fmt.Fprintln(notes, term.Clean(note))
		}
		return nil
	case r.json:
		return result.WriteJSON(out, classesBy(c, r.directory))
	}
	result.WriteText(term.New(out), classesBy(c, r.directory), r.top)
	return nil
}

// read replays the files.
func (r *replaying) read(ctx context.Context, q *replay.Replay, files []string, stdin io.Reader, notes io.Writer) (*replay.Result, error) {
	progress := logfile.NewProgress(notes, files)
	defer progress.Done()
	log, err := maillog.Open(files, stdin, progress, time.Local)
	if err != nil {
		return nil, err
	}
	return q.Run(ctx, log)
}

// classesBy says how the classes of senders were found.
func classesBy(c *config.Config, directory bool) []string {
	if directory {
		return []string{"Classes are those of the directory now, and premium is who is so now; they may have been others at the time."}
	}
	notes := []string{`The directory was not asked (--directory): a sender's class is that of the domain of the login or of the envelope sender, else "` +
		c.Rules().ClassOf("", &quota.Sender{}) + `".`}
	if c.Rules().HasPremium() {
		notes = append(notes, "Nobody was taken for premium, and so premium senders appear as refused.")
	}
	if c.Rules().Lists().Any() {
		notes = append(notes, "No address was taken for a list: who may post was not asked.")
	}
	return notes
}
