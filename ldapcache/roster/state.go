package roster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Store holds one text for all relays. It is used by many processes at once.
type Store interface {
	// Load returns the text, or nil when there is none, and the time on the store's own
	// clock, or the zero time when it has no clock.
	Load(ctx context.Context) (text []byte, clock time.Time, err error)
	// Swap replaces the text old, nil for none, by next. It reports false when the
	// store holds something else. After an error, it may have been replaced or not.
	Swap(ctx context.Context, old, next []byte) (bool, error)
}

// Reason is why a copy was taken.
type Reason string

// The reasons of a copy.
const (
	AtCutoff   Reason = "cutoff"
	FirstStart Reason = "first_start"
	Refreshed  Reason = "refresh" // somebody asked for it
	Immediate  Reason = "immediate"
)

// Copy is what the directory said at one moment, after the election. It does not
// change.
type Copy struct {
	Reason Reason `json:"reason"`
	// Cutoff is the latest cutoff that the copy answers.
	Cutoff time.Time `json:"cutoff,omitzero"`
	// Taken is when the directory was asked.
	Taken time.Time `json:"taken"`
	// Effect is when the copy becomes the roster.
	Effect time.Time `json:"effect"`
	// Elected are premium; Lost would be, but for the limit of their
	// establishment. Both are in the order of establishments, then senders.
	Elected []Designation `json:"elected"`
	Lost    []Designation `json:"lost"`
	// Unresolved are, as they are written, the designations that cannot be resolved.
	Unresolved []string `json:"unresolved,omitempty"`

	premium map[string]struct{} // the elected senders; made by index
}

// same reports whether two copies took effect at one moment, and so are one, or
// say the same; other may be nil.
func (c *Copy) same(other *Copy) bool { return other != nil && c.Effect.Equal(other.Effect) }

func (c *Copy) index() {
	if c != nil {
		c.premium = senders(c.Elected)
	}
}

// copyDirectory fills a copy that is due with what the directory says now.
func copyDirectory(ctx context.Context, source Source, limit int, due Copy) (*Copy, error) {
	designations, unresolved, err := source.Designations(ctx)
	if err != nil {
		return nil, err
	}
	due.Elected, due.Lost = elect(designations, limit)
	due.Unresolved = slices.Compact(slices.Sorted(slices.Values(unresolved)))
	due.index()
	return &due, nil
}

// State is what the relays share. The zero State is that before the first start.
type State struct {
	// Current is in effect, or was until Pending took its place; nil: none yet.
	Current *Copy `json:"current"`
	// Pending takes effect at its time, without anybody's doing; it may be nil.
	Pending *Copy `json:"pending,omitempty"`
	// Aside is the state that this one replaced because it lay in the future; nil:
	// there is none. It is put back if the clock turns out to have been behind.
	Aside *State `json:"aside,omitempty"`
}

// doubt returns why the state itself is in doubt, or nil.
func (s State) doubt() error {
	if s.Aside != nil {
		return errAside
	}
	return nil
}

// At returns the copies that are in effect and pending at now; either may be nil.
func (s State) At(now time.Time) (effective, pending *Copy) {
	if s.Pending != nil && !s.Pending.Effect.After(now) {
		return s.Pending, nil
	}
	return s.Current, s.Pending
}

// Newest is the copy that was taken last, or nil.
func (s State) Newest() *Copy {
	if s.Pending != nil {
		return s.Pending
	}
	return s.Current
}

// beginsAnew reports whether the state is that of a first start, and newer than the
// known one: then the store had lost the known state, and a relay that had just
// started did not know it.
func (s State) beginsAnew(known State) bool {
	newest := known.Newest()
	return newest != nil && s.Current != nil && s.Pending == nil && s.Current.Reason == FirstStart && newest.Taken.Before(s.Current.Taken)
}

// covered is the latest cutoff that was answered.
func (s State) covered() time.Time {
	var latest time.Time
	for _, c := range []*Copy{s.Current, s.Pending} {
		if c != nil && c.Cutoff.After(latest) {
			latest = c.Cutoff
		}
	}
	return latest
}

// with is the state once a copy is taken. One with effect at once replaces what is
// pending, too: it was taken later.
func (s State) with(c *Copy, now time.Time) State {
	if !c.Effect.After(now) {
		return State{Current: c}
	}
	effective, _ := s.At(now)
	return State{Current: effective, Pending: c}
}

// InFuture reports whether the times in a state lie in the future at now: then the
// clock of the relay that stored it was wrong, or ours is. A pending copy may take
// effect in the future, but within [longestWait].
func (s State) InFuture(now time.Time) bool {
	limit := now.Add(tolerance)
	if c := s.Current; c != nil && (c.Cutoff.After(limit) || c.Taken.After(limit) || c.Effect.After(limit)) {
		return true
	}
	c := s.Pending
	return c != nil && (c.Cutoff.After(limit) || c.Taken.After(limit) || c.Effect.After(limit.Add(longestWait)))
}

// stateVersion is that of the form below.
const stateVersion = 1

type stateText struct {
	Version int `json:"version"`
	State
}

func (s State) encode() ([]byte, error) { return json.Marshal(stateText{stateVersion, s}) }

// errDamaged is wrapped where the store holds what is no state.
var errDamaged = errors.New("the roster stored is damaged; \"rcptquota roster refresh\" replaces it")

// decodeState reads what encode wrote; of no text, the zero State.
func decodeState(text []byte) (State, error) {
	if text == nil {
		return State{}, nil
	}
	var t stateText
	switch err := json.Unmarshal(text, &t); {
	case err != nil:
		return State{}, fmt.Errorf("%w: %w", errDamaged, err)
	case t.Version != stateVersion:
		return State{}, fmt.Errorf("%w, or of another version of rcptquota: its form is %d, not %d", errDamaged, t.Version, stateVersion)
	case t.Current == nil:
		return State{}, fmt.Errorf("%w: it has no current copy", errDamaged)
	}
	t.Current.index()
	t.Pending.index()
	return t.State, nil
}
