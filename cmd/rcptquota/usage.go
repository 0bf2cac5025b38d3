package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
)

// using is one run of "rcptquota usage".
type using struct {
	asking
	most int
	all  bool
}

func usageCommand() *cobra.Command {
	var u using
	cmd := &cobra.Command{
		Use:   "usage [LOGIN]",
		Short: "Tell who has used how much of their windows, the nearest to a limit first, or one sender",
		Long: "Tell who has used how much of their windows now, the nearest to a limit first. Of one\n" +
			"sender, each window is told, and when it is free again. Nothing is counted.\n\n" +
			"Limits are those of each sender's last message; of one sender, those of now.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return u.one(cmd.Context(), cmd.OutOrStdout(), args[0])
			}
			return u.top(cmd.Context(), cmd.OutOrStdout())
		},
	}
	u.flags(cmd)
	cmd.Flags().IntVarP(&u.most, "number", "n", 20, "how many senders at most")
	cmd.Flags().BoolVar(&u.all, "all", false, fmt.Sprintf("all senders of whom anything is counted, up to %d", service.MostUsage))
	cmd.MarkFlagsMutuallyExclusive("number", "all")
	cmd.ValidArgsFunction = u.completeOne("logins")
	return cmd
}

func (u *using) one(ctx context.Context, out io.Writer, login string) error {
	used, err := get[service.SenderUsage](ctx, &u.asking, "/usage/sender?"+url.Values{"login": {login}}.Encode())
	if err != nil {
		return err
	}
	return u.print(out, used, func() {
		v := &usageView{term.New(out), time.Now()}
		v.Line("%s%s, class %s", login, counted(&used, login), used.Class)
		v.windows(&used)
	})
}

// counted names the entry under which a sender is counted, where that is not the login.
func counted(u *service.SenderUsage, login string) string {
	if u.Sender == login {
		return ""
	}
	return ", counted as " + u.Sender
}

func (u *using) top(ctx context.Context, out io.Writer) error {
	most := u.most
	if u.all {
		most = service.MostUsage
	}
	report, err := get[service.UsageReport](ctx, &u.asking, "/usage?most="+strconv.Itoa(most))
	if err != nil {
		return err
	}
	return u.print(out, report, func() { (&usageView{term.New(out), time.Now()}).top(&report) })
}

// usageView writes how much of windows is used, for people to read.
type usageView struct {
	*term.Printer
	now time.Time
}

func (v *usageView) top(r *service.UsageReport) {
	if len(r.Senders) == 0 && r.Complete {
		v.Line("Nobody has used anything of their windows.")
		return
	}
	table := term.NewTable("sender", ">used", ">limit", "window", ">full", "")
	for i := range r.Senders {
		s := &r.Senders[i]
		name := s.Login
		if name == "" {
			name = s.Sender
		}
		w := s.Fullest()
		table.Row(name, w.Used, w.Limit, windowInWords(w), percent(w), bar(w))
	}
	v.Table(table)
	if more := r.Using - len(r.Senders); more > 0 {
		v.Line("  and %d more, who are farther from a limit", more)
	}
	if !r.Complete {
		v.Line("INCOMPLETE: %s", r.Problem)
	}
}

// windows writes all windows of one sender.
func (v *usageView) windows(u *service.SenderUsage) {
	if u.Problem != "" {
		v.Line("  not the count of all relays: %s", u.Problem)
	}
	table := term.NewTable("window", ">used", ">limit", ">free", ">full", "")
	add := func(windows []service.WindowUsage, note string) {
		for i := range windows {
			w := &windows[i]
			table.Row(windowInWords(w)+note, w.Used, w.Limit, w.Free, percent(w), bar(w))
		}
	}
	add(u.Windows, "")
	add(u.Alone, ", by this relay alone")
	if table.Len() == 0 {
		v.Line("  no windows in this class")
		return
	}
	v.Table(table)
	for i := range u.Windows {
		v.frees(&u.Windows[i])
	}
	if u.UnderWay > 0 {
		v.Line("  %s under way, counted until it is given up", term.Count(u.UnderWay, "message", "messages"))
	}
}

// mostFrees is how many moments are told at which a window is free again.
const mostFrees = 6

// frees tells when how much of a window is free again.
func (v *usageView) frees(w *service.WindowUsage) {
	if len(w.Frees) == 0 {
		return
	}
	v.Line("  %s: if nothing else is sent,", windowInWords(w))
	free := w.Limit - w.Used
	for i, f := range w.Frees {
		free += f.Recipients
		last := i == len(w.Frees)-1
		if i < mostFrees-1 || last {
			if last && i >= mostFrees {
				v.Line("    ...")
			}
			v.Line("    %d free from %s on (%d more)", max(free, 0), f.At.Local().Format(timeLayout), f.Recipients)
		}
	}
}

// windowInWords names a window.
func windowInWords(w *service.WindowUsage) string {
	what := "different recipients"
	if w.Count == "copies" {
		what = "copies"
	}
	return what + " in " + w.Per.String()
}

func percent(w *service.WindowUsage) term.Cell {
	return term.Cell{Text: fmt.Sprintf("%.0f %%", 100*w.Share()), Style: fullness(w)}
}

func bar(w *service.WindowUsage) term.Cell {
	return term.Cell{Text: term.Bar(float64(w.Used), float64(w.Limit), term.BarWidth), Style: fullness(w)}
}

func fullness(w *service.WindowUsage) term.Style {
	switch share := w.Share(); {
	case share >= 1:
		return term.Bad
	case share >= 0.8:
		return term.Warning
	}
	return term.Good
}
