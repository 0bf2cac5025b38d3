package service

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/history"
)

// ResetRequest asks to forget what is counted of a sender.
type ResetRequest struct {
	// Login is the sender's, or the name under which they are counted.
	Login string `json:"login"`
	Why   string `json:"why"`
}

// Reset is what was forgotten.
type Reset struct {
	Login string `json:"login"`
	// Sender is the name under which the sender was counted.
	Sender string `json:"sender"`
	// Used is what their fullest window held; 0: nothing.
	Used int `json:"used"`
	// Problem is what may still be counted, and why.
	Problem string `json:"problem,omitempty"`
}

// reset answers POST /reset. It forgets what is counted of a sender in their windows:
// under the directory's name of them and, in case the directory was away, under the login.
func (s *Service) reset(r *http.Request, in ResetRequest) (*Reset, error) {
	in.Why = strings.TrimSpace(in.Why)
	switch err := checkLogin(in.Login); {
	case err != nil:
		return nil, err
	case !history.IsWhy(in.Why):
		return nil, control.Errorf(http.StatusBadRequest, "say why, in one line of at most %d bytes", history.MaxWhy)
	}
	p := s.InForce()
	if !p.Config.Rules().HasWindows() {
		return nil, noWindows()
	}
	ctx, cancel := context.WithTimeout(r.Context(), explainTimeout)
	defer cancel()
	about := p.dryRun().About(ctx, in.Login)
	names := slices.Compact([]string{about.CountedAs, strings.ToLower(in.Login)})
	if about.Err != nil && in.Login != names[0] {
		names = append(names, in.Login)
	}
	done := &Reset{Login: in.Login, Sender: about.CountedAs}
	var errs []error
	for _, name := range names {
		used, err := p.forget(ctx, name, about.Windows)
		if used > 0 && done.Used == 0 {
			done.Sender = name
		}
		done.Used = max(done.Used, used)
		errs = append(errs, err)
	}
	err := errors.Join(errs...)
	if err == nil && done.Used == 0 && errors.Is(about.Err, quota.ErrAbsent) {
		return nil, control.Errorf(http.StatusNotFound, "the directory knows nobody with the login %s, and nothing was counted under that name", in.Login)
	}
	// Log record "windows_reset": when somebody had the counts of a `sender` forgotten: `used` (what
	// their fullest window held), `by`, `why` and, if something may still be counted, `error`
	attrs := []any{"sender", in.Login, "used", done.Used, "by", control.PeerOf(r.Context()).User(), "why", in.Why}
	if err != nil {
		attrs = append(attrs, "error", err)
		done.Problem = "perhaps not everything was forgotten: "
		if p.Config.Store.IsRedis() {
			done.Problem += "only this relay's own count was, if there is one: "
		}
		done.Problem += text(err)
	}
	s.log.Info("windows_reset", attrs...)
	return done, nil
}

// forget forgets what is counted under one name, and returns what the fullest window held.
// Where the sender's own windows are not known, those are asked that the store knows.
func (p *Parts) forget(ctx context.Context, name string, windows []quota.Window) (used int, err error) {
	if before, err := p.Counter.Usage(ctx, name, windows, 0); err == nil {
		u := SenderUsage{}
		u.add(&before)
		if full := u.Fullest(); full != nil {
			used = full.Used
		}
	}
	return used, p.Counter.Reset(ctx, name)
}
