package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/list/from"
)

// DirectoryAnswer is what the directory says about a sender.
type DirectoryAnswer struct {
	// Answer is "found", "absent", "ambiguous" or "unavailable"; Problem is why.
	Answer  string `json:"answer"`
	Problem string `json:"problem,omitempty"`
	// AddressOf is the login of the sender whose address was given for a login, as far as it is
	// known without asking.
	AddressOf string `json:"address_of,omitempty"`
	// Entry is the directory's own name of the sender.
	Entry         string   `json:"entry,omitempty"`
	Addresses     []string `json:"addresses,omitempty"`
	Establishment string   `json:"establishment,omitempty"`
	// Source is where answers come from, and Asked when it was asked, or the file was
	// changed. Cached is whether the answer was known before; Stale is whether it is an old
	// one, since the directory could not be asked in time, because of Problem.
	Source string    `json:"source"`
	Asked  time.Time `json:"asked,omitzero"`
	Stale  bool      `json:"stale,omitempty"`
	// CountedAs is the name under which the sender's messages are counted.
	CountedAs string `json:"counted_as"`
}

func (p *Parts) directoryAnswer(login string, about *quota.About) DirectoryAnswer {
	a := DirectoryAnswer{
		Answer: "found", Entry: about.Sender.ID, Addresses: about.Sender.Addresses, Establishment: about.Sender.Establishment,
		Source: p.Directory.Source(), Asked: p.Directory.SenderAsked(login), CountedAs: about.CountedAs,
	}
	switch {
	case errors.Is(about.Err, quota.ErrAbsent):
		a.Answer = "absent"
		if strings.Contains(login, "@") {
			a.AddressOf = p.Directory.LoginOfAddress(login)
		}
	case errors.Is(about.Err, quota.ErrAmbiguous):
		a.Answer, a.Problem = "ambiguous", text(about.Err)
	case about.Err != nil:
		a.Answer, a.Problem, a.Asked = "unavailable", text(about.Err), time.Time{}
	case about.Sender.Stale != nil:
		a.Stale, a.Problem = true, text(about.Sender.Stale)
	}
	return a
}

// PremiumAnswer is why a sender is premium, or is not. Its times are on the calendar's clock.
type PremiumAnswer struct {
	Premium bool `json:"premium"`
	// Doubt is why that is not certain.
	Doubt string `json:"doubt,omitempty"`
	// Establishment has designated the sender; it may not be known.
	Designated    bool   `json:"designated"`
	Establishment string `json:"establishment,omitempty"`
	// Lost is whether a designation does not count because its establishment has
	// PerEstablishment others already.
	Lost             bool `json:"lost,omitempty"`
	PerEstablishment int  `json:"per_establishment"`
	// Effect is since when the roster in effect holds, and Copied when the directory was
	// asked for it.
	Effect time.Time `json:"effect,omitzero"`
	Copied time.Time `json:"copied,omitzero"`
	// Next is what will hold from then on, where the next roster is known; NextPremium is
	// whether the sender will be premium, and NextLost as Lost.
	Next        time.Time `json:"next,omitzero"`
	NextPremium bool      `json:"next_premium,omitempty"`
	NextLost    bool      `json:"next_lost,omitempty"`
	// Entered is whether the directory designates the sender now although no roster has
	// that yet; NextCopy is when the directory is copied next, and takes effect at
	// NextEffect.
	Entered    bool      `json:"entered,omitempty"`
	NextCopy   time.Time `json:"next_copy,omitzero"`
	NextEffect time.Time `json:"next_effect,omitzero"`
}

// premiumAnswer tells why a sender is premium; nil where it does not matter who is, or the
// directory does not say who the sender is.
func (p *Parts) premiumAnswer(ctx context.Context, about *quota.About, now time.Time) *PremiumAnswer {
	keeper := p.Roster.keeper()
	if keeper == nil || about.Err != nil {
		return nil
	}
	place := keeper.Place(about.Sender.ID)
	a := &PremiumAnswer{
		Premium: place.Premium, Doubt: text(place.Doubt), Effect: place.Effect, Copied: place.Copied,
		PerEstablishment: p.Config.Premium.PerEstablishment,
	}
	a.Designated, a.Lost = place.Designated != nil, place.Lost != nil
	newest := &place
	if next := place.Pending; next != nil {
		a.Next, a.NextPremium, a.NextLost = next.Effect, next.Premium, next.Lost != nil
		newest = next
	}
	for _, d := range []*roster.Designation{place.Designated, place.Lost, newest.Designated, newest.Lost} {
		if d != nil && a.Establishment == "" {
			a.Establishment = d.Establishment
		}
	}
	calendar, err := p.Config.Premium.Calendar()
	if err != nil { // which no configuration in force has
		return a
	}
	if newest.Designated == nil && newest.Lost == nil && p.Config.Premium.Weekly() {
		p.entered(ctx, a, about.Sender.ID, calendar, now)
	}
	for _, t := range []*time.Time{&a.Effect, &a.Copied, &a.Next, &a.NextCopy, &a.NextEffect} {
		if !t.IsZero() {
			*t = calendar.Local(*t)
		}
	}
	return a
}

// entered finds a designation that no roster has yet.
func (p *Parts) entered(ctx context.Context, a *PremiumAnswer, id string, calendar roster.Calendar, now time.Time) {
	all, _, err := p.Directory.Designations(ctx)
	if err != nil { // which the answer about the sender tells
		return
	}
	if i := slices.IndexFunc(all, func(d roster.Designation) bool { return d.Sender == id }); i >= 0 {
		a.Entered, a.Establishment = true, all[i].Establishment
		a.NextCopy = calendar.NextCutoff(now)
		a.NextEffect = calendar.EffectOf(a.NextCopy)
	}
}

// RecipientAnswer is whether a sender may write to an address in a list domain.
type RecipientAnswer struct {
	Recipient string `json:"recipient"`
	// Rule is why: the name of a [list.Rule].
	Rule string `json:"rule"`
	List string `json:"list,omitempty"` // its address, without an extension
	// MayPost is whether the message goes to the list; Refusal is why it is refused, and
	// Redirects who get it instead.
	MayPost   bool     `json:"may_post"`
	Refusal   string   `json:"refusal,omitempty"`
	FromCheck string   `json:"from_check,omitempty"`
	Redirects []string `json:"redirects,omitempty"`
	// Problem is a mistake in the directory about the list, or why it cannot be asked.
	Problem string `json:"problem,omitempty"`
}

func recipientAnswer(c *list.Case) RecipientAnswer {
	a := RecipientAnswer{
		Recipient: c.Recipient, Rule: c.Rule.String(), List: c.List, Redirects: c.Redirects,
		MayPost: c.Refusal == list.NotRefused && len(c.Redirects) == 0 && c.Err == nil,
		Problem: text(errors.Join(c.Err, c.Mistake)),
	}
	if c.Refusal != list.NotRefused {
		a.Refusal = c.Refusal.String()
	}
	if c.Fault != from.NoFault {
		a.FromCheck = c.Fault.String()
	}
	return a
}
