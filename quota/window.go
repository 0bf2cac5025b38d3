package quota

import (
	"cmp"
	"errors"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// maxPeriod is the longest period of a window: counts are kept for that long.
const maxPeriod = 31 * 24 * time.Hour

// CountKind is what a window counts.
type CountKind int

const (
	// Distinct, the zero value, counts each recipient reached in the period once.
	Distinct CountKind = iota
	// Copies counts every recipient of every message.
	Copies
)

// String returns the kind as the configuration writes it.
func (k CountKind) String() string {
	switch k {
	case Distinct:
		return "distinct"
	case Copies:
		return "copies"
	}
	return "unknown"
}

// UnmarshalText implements [encoding.TextUnmarshaler]. An empty text is the zero value.
func (k *CountKind) UnmarshalText(text []byte) error {
	i, err := conf.Word(text, Distinct.String(), Copies.String())
	*k = CountKind(i)
	return err
}

// Window is a rolling period over which a sender's recipients are counted
// across messages and relays. At any moment T, what was reached in (T-Per, T]
// is at most Recipients.
type Window struct {
	Per        time.Duration
	Recipients int // at least 1
	Count      CountKind
	// Exceeded is Defer or Refuse: what becomes of a message that will fit later.
	Exceeded Action
}

func (w WindowConfig) compile(key string) (Window, error) {
	window := Window{Per: w.Per.Duration, Recipients: w.Recipients, Exceeded: Defer}
	var errs []error
	if window.Per < time.Second || window.Per > maxPeriod {
		errs = append(errs, conf.Errorf(key+".per", "%v is no period; write one from 1s to %v, as in \"1h\"", window.Per, maxPeriod))
	}
	if w.Recipients < 1 || w.Recipients > MaxRecipients {
		errs = append(errs, conf.Errorf(key+".recipients",
			"%d is no limit; write how many recipients the period may hold, from 1 to %d", w.Recipients, MaxRecipients))
	}
	if err := window.Count.UnmarshalText([]byte(w.Count)); err != nil {
		errs = append(errs, conf.Errorf(key+".count", "%v", err))
	}
	var refuse bool
	errs = append(errs, choose(&refuse, key+".exceeded", cmp.Or(w.Exceeded, "defer"), "defer", "refuse"))
	if refuse {
		window.Exceeded = Refuse
	}
	return window, errors.Join(errs...)
}
