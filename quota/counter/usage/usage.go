package usage

import (
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// MostParts is into how many parts a period can be divided, to tell how much leaves a
// window when.
const MostParts = 1000

// Sender is how much one sender has used.
type Sender struct {
	// At is the moment of the answer, on the store's clock.
	At time.Time
	// Windows are those that were asked about, in their order.
	Windows []Window
	// Open is how many messages are under way: neither committed nor released, as far as
	// the store knows. Redis learns that another relay committed a message with that
	// relay's next command for the sender.
	Open int
	// Alone is what this relay counted by itself while Redis was away, in the same
	// windows: a message has to fit them, too. nil: nothing that still counts.
	Alone *Sender
	// Degraded is nil when this is the count of all relays; otherwise it tells why it is
	// that of this relay alone.
	Degraded error
}

// Window is how much of one window is used.
type Window struct {
	// Window has no Exceeded where the store itself remembered the window.
	quota.Window
	// Used is how many recipients the window holds. It may be above the limit, which
	// may be another than when they were counted.
	Used int
	// Open is how many of them were last reached by messages under way. Released, these
	// leave, or count from an earlier time again.
	Open int
	// Frees is when how much leaves the window if nothing else is sent, in the order of
	// time. Of what leaves it within the same part of the period it tells the sum, and
	// when the last of it has left.
	Frees []Freed
}

// Freed is room in a window: from At on, N recipients more have left it.
type Freed struct {
	At time.Time
	N  int
}
