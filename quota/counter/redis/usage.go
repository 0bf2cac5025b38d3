package redis

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/endpoint"
	"github.com/rcptquota/rcptquota/quota/counter/usage"
)

// Usage tells how much of the windows a sender has used, and changes nothing. Without
// windows, they are those of the sender's last message; none if Redis does not know them.
// The period of each is divided into so many parts, at most [usage.MostParts], for
// [usage.Window.Frees]; with 0 these are left out, and the answer costs less than a
// message.
func (r *Store) Usage(ctx context.Context, sender string, windows []quota.Window, parts int) (usage.Sender, error) {
	ctx, cancel := context.WithTimeout(ctx, max(r.timeout, endpoint.BulkTimeout))
	defer cancel()
	reply, err := r.runUsage(ctx, sender, windows, parts)
	if err == nil && len(reply) == 0 {
		if err := r.moveBack(ctx, sender); err != nil {
			return usage.Sender{}, err
		}
		reply, err = r.runUsage(ctx, sender, windows, parts)
	}
	if err != nil {
		return usage.Sender{}, r.fail(err)
	}
	used, err := readUsage(reply, windows)
	return used, r.fail(err)
}

// moveBack moves times back that were given out by a clock that was ahead, as the
// sender's next message would.
func (r *Store) moveBack(ctx context.Context, sender string) error {
	_, err := r.Try(ctx, &quota.Reservation{
		Ticket:     quota.Ticket{Sender: sender},
		Keep:       quota.Retention{Distinct: quota.MaxPeriod, Copies: quota.MaxPeriod},
		Recipients: slices.Values([]string(nil)),
	})
	return err
}

func (r *Store) runUsage(ctx context.Context, sender string, windows []quota.Window, parts int) ([]any, error) {
	var c command
	args := []any{c.windows(windows), max(0, min(parts, usage.MostParts))}
	for _, id := range r.committed.of(sender) {
		args = append(args, id)
	}
	return usageScript.Run(ctx, r.client, r.Keys(sender), args...).Slice()
}

// readUsage reads the reply of usage.lua about the windows or, without any, about those
// that it names.
func readUsage(reply []any, windows []quota.Window) (usage.Sender, error) {
	list := numbers{reply: reply}
	u := usage.Sender{At: list.time(), Open: list.next()}
	named, err := readWindows(list.text())
	if err != nil {
		return usage.Sender{}, err
	}
	if len(windows) == 0 {
		windows = named
	}
	for _, w := range windows {
		used := usage.Window{Window: w, Used: list.next(), Open: list.next()}
		for range list.next() {
			if list.short {
				break
			}
			used.Frees = append(used.Frees, usage.Freed{At: list.time(), N: list.next()})
		}
		u.Windows = append(u.Windows, used)
	}
	if list.short || len(list.reply) > 0 {
		return usage.Sender{}, errReply
	}
	return u, nil
}

// numbers reads a script's reply from its front.
type numbers struct {
	reply []any
	short bool // it was, or of another type
}

func (n *numbers) first() any {
	if len(n.reply) == 0 {
		n.short = true
		return nil
	}
	first := n.reply[0]
	n.reply = n.reply[1:]
	return first
}

func (n *numbers) int64() int64 {
	number, ok := n.first().(int64)
	n.short = n.short || !ok
	return number
}

func (n *numbers) next() int       { return int(n.int64()) }
func (n *numbers) time() time.Time { return time.UnixMicro(n.int64()) }

func (n *numbers) text() string {
	text, ok := n.first().(string)
	n.short = n.short || !ok
	return text
}

// readWindows reads windows as scripts are sent them.
func readWindows(text string) ([]quota.Window, error) {
	var windows []quota.Window
	for one := range strings.SplitSeq(strings.TrimSuffix(text, ";"), ";") {
		if one == "" {
			continue
		}
		var per int64
		var limit int
		var kind rune
		if n, err := fmt.Sscanf(one, "%d %d %c", &per, &limit, &kind); n != 3 {
			return nil, fmt.Errorf("%w: window %q: %w", errReply, one, err)
		}
		w := quota.Window{Per: time.Duration(per) * time.Microsecond, Recipients: limit, Count: quota.Distinct}
		if kind == 'c' {
			w.Count = quota.Copies
		}
		windows = append(windows, w)
	}
	return windows, nil
}
