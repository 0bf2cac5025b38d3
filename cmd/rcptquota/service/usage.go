package service

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/usage"
)

// SenderUsage is how much of their windows a sender has used.
type SenderUsage struct {
	// Sender is the name under which they are counted, and Login a login of theirs, as far
	// as one is known.
	Sender  string        `json:"sender"`
	Login   string        `json:"login,omitempty"`
	Class   string        `json:"class,omitempty"` // only where one sender is asked about
	Windows []WindowUsage `json:"windows"`
	// UnderWay is how many of the sender's messages have not reached their end.
	UnderWay int `json:"under_way,omitempty"`
	// Alone is what this relay counted by itself while Redis was away; a message has to fit
	// it, too.
	Alone []WindowUsage `json:"alone,omitempty"`
	// Problem is why this is not the count of all relays, or not known.
	Problem string `json:"problem,omitempty"`
}

// WindowUsage is how much of one window is used.
type WindowUsage struct {
	Per   conf.Duration `json:"per"`
	Count string        `json:"count"`
	Limit int           `json:"limit"` // with what was granted
	Used  int           `json:"used"`
	Free  int           `json:"free"`
	// UnderWay is how much of Used is of messages that have not reached their end.
	UnderWay int `json:"under_way,omitempty"`
	// Frees is when how much of it is free again, if nothing else is sent.
	Frees []Freed `json:"frees,omitempty"`
}

// Freed is that by a moment so many more recipients are free again.
type Freed struct {
	At         time.Time `json:"at"`
	Recipients int       `json:"recipients"`
}

// Share is how full a window is, from 0 on; above 1 it holds more than its limit.
func (w *WindowUsage) Share() float64 { return float64(w.Used) / float64(max(w.Limit, 1)) }

// Fullest is the window that is nearest to its limit; nil if there is none.
func (u *SenderUsage) Fullest() (fullest *WindowUsage) {
	for _, windows := range [][]WindowUsage{u.Windows, u.Alone} {
		for i := range windows {
			if w := &windows[i]; fullest == nil || w.Share() > fullest.Share() {
				fullest = w
			}
		}
	}
	return fullest
}

// freeParts is into how many steps is told when a window is free again.
const freeParts = 24

// usageOfOne answers GET /usage/sender?login=….
func (s *Service) usageOfOne(r *http.Request) (*SenderUsage, error) {
	login := r.URL.Query().Get("login")
	if err := checkLogin(login); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), explainTimeout)
	defer cancel()
	p := s.InForce()
	if !p.Config.Rules().HasWindows() {
		return nil, noWindows()
	}
	about := p.dryRun().About(ctx, login)
	u := p.usageOf(ctx, login, &about)
	return &u, nil
}

func noWindows() error {
	return control.Errorf(http.StatusNotFound, "no class has windows, so that nothing is counted over messages")
}

// usageOf is how much of the windows of their class a sender has used.
func (p *Parts) usageOf(ctx context.Context, login string, about *quota.About) SenderUsage {
	u := SenderUsage{Sender: about.CountedAs, Login: login, Class: about.Class.Name, Windows: []WindowUsage{}}
	if len(about.Windows) == 0 {
		return u
	}
	used, err := p.Counter.Usage(ctx, about.CountedAs, about.Windows, freeParts)
	if err != nil {
		u.Problem = text(err)
		return u
	}
	u.add(&used)
	return u
}

// add adds what a store says.
func (u *SenderUsage) add(used *usage.Sender) {
	u.Windows = windowsUsed(used)
	u.UnderWay = used.Open
	problem := used.Degraded
	if used.Alone != nil {
		u.Alone = windowsUsed(used.Alone)
		problem = cmp.Or(problem, used.Alone.Degraded)
	}
	u.Problem = text(problem)
}

func windowsUsed(used *usage.Sender) []WindowUsage {
	windows := []WindowUsage{}
	for _, w := range used.Windows {
		one := WindowUsage{
			Per: conf.Duration{Duration: w.Per}, Count: w.Count.String(), Limit: w.Recipients,
			Used: w.Used, Free: max(w.Recipients-w.Used, 0), UnderWay: w.Open,
		}
		for _, f := range w.Frees {
			one.Frees = append(one.Frees, Freed{f.At, f.N})
		}
		windows = append(windows, one)
	}
	return windows
}
