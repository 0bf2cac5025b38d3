package quota

import (
	"cmp"
	"errors"
)

// classification is what is known of a sender when a message is judged.
type classification struct {
	id      string // the directory's name of the sender; empty when it is not known
	class   *Class
	premium bool
	unknown bool  // the directory has no entry of the sender
	sure    bool  // the directory was just asked, and answered
	err     error // why it was not, or what it found wrong
}

func (r *rules) classify(sender *Sender, err error) classification {
	switch {
	case err == nil:
		class, premium := r.classOf(sender)
		doubt := cmp.Or(sender.Stale, sender.Doubt)
		return classification{id: sender.ID, class: class, premium: premium, sure: doubt == nil, err: doubt}
	case errors.Is(err, ErrAbsent):
		return classification{class: r.base, unknown: true, sure: true}
	case errors.Is(err, ErrAmbiguous):
		return classification{class: r.base, sure: true, err: err}
	}
	return classification{class: r.base, err: err}
}

// classOf finds a sender's class: premium, else the strictest that matches,
// else the default.
func (r *rules) classOf(sender *Sender) (class *Class, premium bool) {
	if sender.Premium && r.premium != nil {
		return r.premium, true
	}
	for _, class := range r.classes {
		if class.Match.matches(sender) {
			return class, false
		}
	}
	return r.base, false
}
