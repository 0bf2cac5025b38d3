package service

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/history"
)

// GrantRequest asks for more for a sender.
type GrantRequest struct {
	Login      string    `json:"login"`
	Recipients int       `json:"recipients"` // how many more
	Until      time.Time `json:"until"`
	Why        string    `json:"why"`
	// Unknown allows a login that the directory does not know.
	Unknown bool `json:"unknown,omitempty"`
}

// Granted is a grant, and what it means for the sender.
type Granted struct {
	history.Grant
	// Class is the sender's class, and Limit what one of their messages may have now, with
	// all that they have been granted. Class is empty if the directory cannot say.
	Class string `json:"class,omitempty"`
	Limit int    `json:"limit,omitempty"`
	// Note is what is unusual about it.
	Note string `json:"note,omitempty"`
	// Postfix is why Postfix would not let the sender make use of it, if the command finds
	// that out.
	Postfix string `json:"postfix,omitempty"`
}

// Grants are all that count now.
type Grants struct {
	Grants []history.Grant `json:"grants"`
	// Problem is why there may be others; empty if there are not.
	Problem string `json:"problem,omitempty"`
}

// RevokeRequest asks for the end of grants.
type RevokeRequest struct {
	// Grant is the id of one, or the login of somebody all of whose grants are meant.
	Grant string `json:"grant"`
	Why   string `json:"why"`
}

// grants answers GET /grants.
func (s *Service) grants(*http.Request) (*Grants, error) {
	all, err := s.InForce().History.Book.Grants(time.Now())
	return &Grants{Grants: all, Problem: text(err)}, nil
}

// grant answers POST /grants.
func (s *Service) grant(r *http.Request, in GrantRequest) (*Granted, error) {
	p, now := s.InForce(), time.Now()
	ctx, cancel := context.WithTimeout(r.Context(), explainTimeout)
	defer cancel()
	by := control.PeerOf(r.Context()).User()
	made := history.Grant{Login: in.Login, Recipients: in.Recipients, Until: in.Until, Why: in.Why, By: by}
	sender, note, err := p.grantee(ctx, &in)
	if err != nil {
		return nil, err
	}
	made.Sender = sender.ID
	g, err := history.NewGrant(made, now)
	if err != nil {
		return nil, control.Errorf(http.StatusBadRequest, "%v", err)
	}
	if err := p.History.Book.Add(ctx, g); err != nil {
		return nil, cannotGrant(err)
	}
	// Log record "grant_given": when somebody was granted more recipients for a while
	// Log key "grant": the id of the grant
	// Log key "until": when the grant ends
	// Log key "by": the user who asked for it, on this machine; `SIGHUP` for a reload by that signal
	// Log key "why": the reason that they gave
	s.log.Info("grant_given", "grant", g.ID, "sender", g.Login, "recipients", g.Recipients, "until", g.Until, "by", g.By, "why", g.Why)
	granted := &Granted{Grant: g, Note: note}
	if v := p.dryRun().Judge(ctx, &quota.Message{Login: g.Login, Recipients: &quota.Recipients{}}); v.Class != "" {
		granted.Class, granted.Limit = v.Class, v.Limit
	}
	return granted, nil
}

// grantee looks up who is granted something.
func (p *Parts) grantee(ctx context.Context, in *GrantRequest) (sender quota.Sender, note string, err error) {
	sender, err = p.Directory.Sender(ctx, in.Login)
	switch {
	case err == nil:
		return sender, "", nil
	case errors.Is(err, quota.ErrAbsent) && !in.Unknown:
		return sender, "", control.Errorf(http.StatusNotFound, "the directory knows nobody with the login %s; write it as the user types it, or add --unknown", in.Login)
	case errors.Is(err, quota.ErrAbsent), errors.Is(err, quota.ErrAmbiguous):
		return quota.Sender{}, "it is for this login alone: " + text(err), nil
	}
	return quota.Sender{}, "it is for this login alone, since the directory cannot say now whose it is: " + text(err), nil
}

// revoke answers POST /grants/revoke, with the grants that were revoked.
func (s *Service) revoke(r *http.Request, in RevokeRequest) (*Grants, error) {
	if !history.IsWhy(in.Why) {
		return nil, control.Errorf(http.StatusBadRequest, "%v", history.ErrNoWhy)
	}
	revoked, err := s.InForce().History.Book.Revoke(r.Context(), in.Grant, time.Now())
	switch {
	case errors.Is(err, history.ErrNoGrant):
		return nil, control.Errorf(http.StatusNotFound, "%v", err)
	case err != nil:
		return nil, cannotGrant(err)
	}
	by := control.PeerOf(r.Context()).User()
	for _, g := range revoked {
		// Log record "grant_revoked": when a grant was taken back
		s.log.Info("grant_revoked", "grant", g.ID, "sender", g.Login, "recipients", g.Recipients, "until", g.Until, "by", by, "why", in.Why)
	}
	return &Grants{Grants: revoked}, nil
}

func cannotGrant(err error) error {
	if errors.Is(err, history.ErrTooManyGrants) {
		return control.Errorf(http.StatusConflict, "%v", err)
	}
	if isUnclear(err) {
		return control.Errorf(http.StatusServiceUnavailable, "the store of the grants did not answer, so that it may have been changed, or not; look at the grants before you try again: %v", err)
	}
	return control.Errorf(http.StatusServiceUnavailable, "nothing was changed, because the grants cannot be stored now: %v", err)
}

// isUnclear reports whether the store may have done what it was asked for, and not said so.
func isUnclear(err error) bool {
	failed, isNet := errors.AsType[net.Error](err)
	return isNet && failed.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}
