package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/period"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
	"github.com/rcptquota/rcptquota/quota/history"
)

// refusing is one run of "rcptquota refusals".
type refusing struct {
	asking
	since, sender, reason, list string
	most                        int
	follow                      bool
}

func refusalsCommand() *cobra.Command {
	var r refusing
	cmd := &cobra.Command{
		Use:   "refusals",
		Short: "List what was refused, deferred, redirected or put on hold, the newest first, or as it happens",
		Long: "List what was refused, deferred, redirected or put on hold, or would be if rules were enforced, on all\n" +
			"relays that share the store: the newest first or, with --follow, as it happens.\n" +
			"\"rcptquota explain\" tells more of each. With --json, each is a line.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return r.run(ctx, cmd.OutOrStdout())
		},
	}
	r.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&r.since, "since", "", "those since then: "+period.Forms)
	f.StringVar(&r.sender, "sender", "", "those of one sender, by the login")
	f.StringVar(&r.reason, "reason", "", "those for one reason, such as message_limit or window")
	f.StringVar(&r.list, "list", "", "those of one list, by its address")
	f.IntVarP(&r.most, "number", "n", 100, "how many at most; 0: all")
	f.BoolVarP(&r.follow, "follow", "f", false, "show new ones as they happen, until interrupted")
	cmd.MarkFlagsMutuallyExclusive("follow", "since")
	cmd.MarkFlagsMutuallyExclusive("follow", "number")
	return cmd
}

func (r *refusing) run(ctx context.Context, out io.Writer) error {
	now := time.Now()
	path, err := r.path(now)
	if err != nil {
		return err
	}
	client, err := r.client()
	if err != nil {
		return err
	}
	defer client.Close()
	each := func(record history.Record) error { return json.NewEncoder(out).Encode(record) }
	if r.json {
		return control.FollowLines(ctx, client, path, each)
	}
	p, none := term.New(out), !r.follow
	each = func(record history.Record) error {
		none = false
		p.Line("%s", refusalLine(&record))
		return nil
	}
	if err := control.FollowLines(ctx, client, path, each); err != nil || !none || ctx.Err() != nil {
		return err
	}
	p.Line("%s", r.nothing(now))
	return nil
}

// nothing says that there are no such refusals.
func (r *refusing) nothing(now time.Time) string {
	what := "Nothing was refused"
	if r.sender+r.reason+r.list != "" {
		what = "Nothing of that kind was refused"
	}
	since, err := period.Parse(r.since, now)
	if r.since == "" || err != nil {
		return what + ", as far back as decision records are kept."
	}
	return what + " since " + since.Local().Format(timeLayout) + "."
}

// path is what is asked.
func (r *refusing) path(now time.Time) (string, error) {
	query := url.Values{}
	for name, value := range map[string]string{"sender": r.sender, "reason": r.reason, "list": r.list} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if r.follow {
		return "/refusals/follow?" + query.Encode(), nil
	}
	if r.since != "" {
		since, err := period.Parse(r.since, now)
		if err != nil {
			return "", fmt.Errorf("--since: %w", err)
		}
		query.Set("since", since.Format(time.RFC3339))
	}
	query.Set("most", strconv.Itoa(r.most))
	return "/refusals?" + query.Encode(), nil
}

// refusalLine writes a record in one line. Its columns fit what is usual, since the lines
// to come are not known.
func refusalLine(r *history.Record) string {
	numbers := strconv.Itoa(r.Recipients)
	if r.Limit > 0 && !strings.HasPrefix(r.Reason, "list_") {
		numbers += " of " + strconv.Itoa(r.Limit)
	}
	if r.Window.Duration > 0 {
		numbers = fmt.Sprintf("%d+%s in %v", r.Used, numbers, r.Window)
	}
	line := fmt.Sprintf("%s  %-12s  %-12s  %-13s  %-22s  %-18s", r.Time.Local().Format("2006-01-02 15:04:05"), cmp.Or(r.QueueID, "NOQUEUE"), r.Action, r.Reason, numbers, cmp.Or(r.Sender, "-"))
	line += prefixed("  ", r.List) + prefixed("  ", r.Relay)
	if n := r.Unrecorded.Messages; n > 0 {
		line += fmt.Sprintf("  (and %d before it)", n)
	}
	return strings.TrimRight(line, " ")
}
