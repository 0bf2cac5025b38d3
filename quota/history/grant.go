package history

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/rcptquota/rcptquota/quota"
)

// Grant is a temporary allowance of one sender: more recipients, on top of the limit of a
// message and of every window.
type Grant struct {
	// ID names the grant, for instance to revoke it.
	ID string `json:"id"`
	// Login is whom it was granted to, in lower case.
	Login string `json:"login"`
	// Sender is the directory's name of that person ([quota.Sender]), so that their other
	// logins profit, too; empty when the directory did not know one.
	Sender string `json:"sender,omitempty"`
	// Recipients is how many more, at least 1.
	Recipients int       `json:"recipients"`
	Until      time.Time `json:"until"`
	// Granted is when, By the user who did, and Why the reason that they gave.
	Granted time.Time `json:"granted"`
	By      string    `json:"by,omitempty"`
	Why     string    `json:"why"`
}

const (
	maxLogin = 1024                 // bytes, as the milter's
	MaxWhy   = 500                  // bytes
	maxUntil = 366 * 24 * time.Hour // an allowance for ever is a class
)

// The mistakes that a grant may have.
var (
	ErrNoLogin     = errors.New("a grant needs the login of a sender, without control characters")
	ErrNoWhy       = fmt.Errorf("a grant, or its end, needs a reason, of one line and at most %d bytes", MaxWhy)
	ErrUntil       = errors.New("a grant needs an end, in the future and at most a year away")
	ErrGrantNumber = fmt.Errorf("a grant is of 1 to %d recipients", quota.MaxRecipients)
)

// NewGrant makes a grant at the moment now, and gives it an ID. The error is one of
// those above.
func NewGrant(g Grant, now time.Time) (Grant, error) {
	g.Login, g.Why = strings.ToLower(strings.TrimSpace(g.Login)), strings.TrimSpace(g.Why)
	g.Granted = now.UTC().Truncate(time.Second)
	g.Until = g.Until.UTC()
	g.ID = strings.ToLower(rand.Text()[:8]) // 40 bits, of at most MaxGrants
	switch {
	case g.Login == "" || len(g.Login) > maxLogin || strings.ContainsFunc(g.Login, isControl):
		return Grant{}, ErrNoLogin
	case !IsWhy(g.Why):
		return Grant{}, ErrNoWhy
	case !g.Until.After(now) || g.Until.Sub(now) > maxUntil:
		return Grant{}, ErrUntil
	case g.Recipients < 1 || g.Recipients > quota.MaxRecipients:
		return Grant{}, ErrGrantNumber
	}
	return g, nil
}

// IsWhy reports whether text may be the reason for a grant, or for its end.
func IsWhy(text string) bool {
	return strings.TrimSpace(text) != "" && len(text) <= MaxWhy && !strings.ContainsFunc(text, isControl)
}

// isControl reports whether a terminal, to which a grant is listed, may take r for more than
// a letter.
func isControl(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// holds reports whether the grant counts at the moment now.
func (g *Grant) holds(now time.Time) bool { return now.Before(g.Until) }

// at is how many more recipients it allows at the moment now.
func (g *Grant) at(now time.Time) int {
	if !g.holds(now) {
		return 0
	}
	return g.Recipients
}

// sortGrants orders grants by login, those that end first before others.
func sortGrants(grants []Grant) {
	slices.SortFunc(grants, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(a.Login, b.Login), a.Until.Compare(b.Until), cmp.Compare(a.ID, b.ID))
	})
}
