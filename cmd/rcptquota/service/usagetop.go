package service

import (
	"container/heap"
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/usage"
)

// UsageReport is who has used how much of their windows, the nearest to a limit first.
type UsageReport struct {
	Time    time.Time     `json:"time"`
	Senders []SenderUsage `json:"senders"`
	// Counted is how many senders were looked at, and Using of how many of them anything is
	// counted now.
	Counted int `json:"counted"`
	Using   int `json:"using"`
	// Complete is false if there are senders who were not looked at; Problem is why, or
	// what else is not as it should be.
	Complete bool   `json:"complete"`
	Problem  string `json:"problem,omitempty"`
}

const (
	// MostUsage is how many senders a report has at most.
	MostUsage = 100_000
	// usageTimeout is how long senders are looked at, well below what a client waits for an
	// answer.
	usageTimeout = 30 * time.Second
	// usageWorkers is how many senders are looked at at once.
	usageWorkers = 16
)

// usage answers GET /usage?most=….
func (s *Service) usage(r *http.Request) (*UsageReport, error) {
	most := 20
	if word := r.URL.Query().Get("most"); word != "" {
		var err error
		if most, err = strconv.Atoi(word); err != nil || most < 1 || most > MostUsage {
			return nil, control.Errorf(http.StatusBadRequest, "%q is no number of senders; ask for 1 to %d", word, MostUsage)
		}
	}
	p := s.InForce()
	if !p.Config.Rules().HasWindows() {
		return nil, noWindows()
	}
	report := report(r.Context(), p.Counter, most, usageTimeout)
	p.nameSenders(report.Senders)
	return report, nil
}

// counted is the part of a store that tells who has used how much; see [counter.Counter].
type counted interface {
	Usage(ctx context.Context, sender string, windows []quota.Window, parts int) (usage.Sender, error)
	Senders(ctx context.Context) iter.Seq2[string, error]
}

// report looks at all senders of a store for as long as patience. It remembers no more
// than the most that it tells of.
func report(ctx context.Context, store counted, most int, patience time.Duration) *UsageReport {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l := looking{most: most, kept: map[string]struct{}{}}
	var workers errgroup.Group
	workers.SetLimit(usageWorkers)
	var problem error
	for sender, err := range store.Senders(limited) {
		if err != nil {
			problem = err
			break
		}
		workers.Go(func() error {
			used, err := store.Usage(limited, sender, nil, 0)
			l.add(sender, &used, err)
			return nil
		})
	}
	_ = workers.Wait() // each error is in l
	return l.report(ctx, limited, problem, patience)
}

// looking is what was found so far, by several goroutines.
type looking struct {
	most int

	mu             sync.Mutex
	fullest        leastFirst
	kept           map[string]struct{} // the senders in fullest
	counted, using int
	err            error // the last one about a single sender
}

func (l *looking) add(sender string, used *usage.Sender, err error) {
	u := SenderUsage{Sender: sender}
	u.add(used)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.err = err
		return
	}
	l.counted++
	full := u.Fullest()
	if full == nil || full.Used == 0 {
		return
	}
	if _, twice := l.kept[sender]; twice { // by a store that changed meanwhile
		return
	}
	l.using++
	one := ranked{u, full.Share()}
	if l.fullest.Len() < l.most {
		heap.Push(&l.fullest, one)
	} else if least := &l.fullest[0]; before(&one, least) {
		delete(l.kept, least.Sender)
		*least = one
		heap.Fix(&l.fullest, 0)
	} else {
		return
	}
	l.kept[sender] = struct{}{}
}

func (l *looking) report(asked, limited context.Context, problem error, patience time.Duration) *UsageReport {
	r := &UsageReport{Time: time.Now(), Counted: l.counted, Using: l.using, Complete: true, Senders: []SenderUsage{}}
	slices.SortFunc(l.fullest, func(a, b ranked) int {
		if before(&a, &b) {
			return -1
		}
		return 1
	})
	for i := range l.fullest {
		r.Senders = append(r.Senders, l.fullest[i].SenderUsage)
	}
	switch {
	case asked.Err() == nil && limited.Err() != nil:
		r.Complete, r.Problem = false, fmt.Sprintf("there are more senders than can be looked at in %v; the first %d were", patience, l.counted)
	case problem != nil:
		r.Complete, r.Problem = false, text(problem)
	case l.err != nil:
		r.Complete, r.Problem = false, text(l.err)
	}
	return r
}

// ranked is a sender with the share of their fullest window.
type ranked struct {
	SenderUsage
	share float64
}

// before reports whether a comes first: who is nearer to a limit, or is named first.
func before(a, b *ranked) bool {
	if a.share != b.share {
		return a.share > b.share
	}
	return a.Sender < b.Sender
}

// leastFirst is a heap, with the one to drop on top.
type leastFirst []ranked

func (l leastFirst) Len() int           { return len(l) }
func (l leastFirst) Less(i, j int) bool { return before(&l[j], &l[i]) }
func (l leastFirst) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }

// Push implements [heap.Interface].
func (l *leastFirst) Push(x any) { *l = append(*l, x.(ranked)) }

// Pop implements [heap.Interface].
func (l *leastFirst) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

// nameSenders gives senders the logins that the directory remembers.
func (p *Parts) nameSenders(senders []SenderUsage) {
	ids := make(map[string]struct{}, len(senders))
	for i := range senders {
		ids[senders[i].Sender] = struct{}{}
	}
	logins := p.Directory.LoginsOf(ids)
	for i := range senders {
		u := &senders[i]
		if u.Login = logins[u.Sender]; u.Login == "" && !strings.ContainsAny(u.Sender, "=,") {
			u.Login = u.Sender // counted by the login, since the directory did not know it
		}
	}
}
