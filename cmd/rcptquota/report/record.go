package report

import "time"

// Action is what became of a message.
type Action int

// The actions, in the order of the tables' columns. The zero value is Refused.
const (
	Refused Action = iota
	Deferred
	WouldRefuse
	Redirected
	Held
	Accepted
	actions
)

// names are the actions as the log's msg has them.
var names = [actions]string{"refused", "deferred", "would_refuse", "redirected", "held", "accepted"}

// String returns the action as the log has it.
func (a Action) String() string {
	if a < 0 || a >= actions {
		return "unknown"
	}
	return names[a]
}

// actionOf finds the action of the log's msg.
func actionOf(text string) (Action, bool) {
	for a, name := range names {
		if name == text {
			return Action(a), true
		}
	}
	return 0, false
}

// Record is what is known of one message, or, for mail from elsewhere, of one recipient. A
// text is empty where there is nothing to say.
type Record struct {
	Time       time.Time
	Action     Action
	Reason     string // as in the log
	Sender     string // the login
	Class      string
	List       string
	Recipients int
}
