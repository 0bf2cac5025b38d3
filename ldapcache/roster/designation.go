package roster

import "context"

// Designation says that an establishment designated a sender.
type Designation struct {
	// Establishment is the UAI of the sender's reference establishment, or its
	// entry's DN where that has none; empty when unknown.
	Establishment string `json:"establishment,omitempty"`
	// Sender is the sender's [quota.Sender.ID].
	Sender string `json:"sender"`
	// Login names the sender to people, in a log; it may be empty.
	Login string `json:"login,omitempty"`
}

// Source is where designations are entered: the directory.
type Source interface {
	// Designations lists all that are entered now, in any order, maybe twice; and, as
	// written, those that resolve to nobody. An error means that the directory cannot be
	// asked: the roster before stays.
	Designations(ctx context.Context) (all []Designation, unresolved []string, err error)
}
