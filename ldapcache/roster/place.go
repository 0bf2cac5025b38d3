package roster

import "time"

// Place is what the roster says of one sender.
type Place struct {
	// Premium is whether the sender is premium now, and Doubt why that is not certain;
	// nil: it is.
	Premium bool
	Doubt   error
	// Designated is the designation by which the sender is premium; nil: there is none.
	Designated *Designation
	// Lost is a designation that does not count, because its establishment has designated
	// others before; nil: there is none.
	Lost *Designation
	// Effect is since when the roster is in effect, and Copied when the directory was
	// asked for it; zero: no roster is known.
	Effect, Copied time.Time
	// Pending is the place in the roster that takes effect next; nil: there is none yet.
	Pending *Place
}

// Place says what the roster has of a sender, by their [quota.Sender.ID].
func (k *Keeper) Place(sender string) Place {
	s, now := k.snapshot.Load(), k.clock()
	place := placeIn(s.effective(now), sender)
	place.Premium, place.Doubt = s.premium(sender, now)
	if _, pending := s.state.At(now.Add(-s.clockAhead)); pending != nil && s.effective(now) != nil {
		next := placeIn(pending, sender)
		place.Pending = &next
	}
	return place
}

// placeIn is a sender's place in a copy, which may be nil.
func placeIn(c *Copy, sender string) Place {
	if c == nil {
		return Place{}
	}
	p := Place{Effect: c.Effect, Copied: c.Taken}
	p.Designated, p.Lost = designationOf(c.Elected, sender), designationOf(c.Lost, sender)
	p.Premium = p.Designated != nil
	return p
}

func designationOf(all []Designation, sender string) *Designation {
	for i := range all {
		if all[i].Sender == sender {
			return &all[i]
		}
	}
	return nil
}
