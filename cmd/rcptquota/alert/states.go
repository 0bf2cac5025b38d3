package alert

import (
	"fmt"
	"time"
)

// stateOnce is how long the same state is not told again: relays notice an outage at
// different times.
const stateOnce = time.Hour

// reloadOnce is the same for a mistake in the configuration, which all relays may get at
// about the same time.
const reloadOnce = 10 * time.Minute

// State is what may be wrong for a while. An empty text means that it is not.
type State struct {
	// Store and Directory say why the counts or the directory cannot be asked.
	Store, Directory string
	// Roster says why the premium roster cannot be brought up to date.
	Roster string
}

// spell is how long something has been wrong. The zero spell is that it is not.
type spell struct {
	since time.Time
	told  bool
}

// next returns the spell at now, when problem is what is wrong, if anything. tell reports
// whether its beginning is to be told, once it has lasted; end, whether its end is.
func (s spell) next(problem string, now time.Time, lasting time.Duration) (next spell, tell, end bool) {
	switch {
	case problem == "":
		return spell{}, false, s.told
	case s.since.IsZero():
		s.since = now
	}
	if !s.told && now.Sub(s.since) >= lasting {
		s.told = true
		return s, true, false
	}
	return s, false, false
}

// states are the spells of a [State].
type states struct {
	store, directory, roster spell
}

// next returns the states at now and the alerts that they are worth, if what is wrong
// lasts for lasting.
func (s states) next(state State, now time.Time, lasting time.Duration) (states, []Alert) {
	var alerts []Alert
	step := func(was spell, kind Kind, what, problem string) spell {
		next, tell, end := was.next(problem, now, lasting)
		if tell {
			alerts = append(alerts, ofState(kind, what, problem, now, now.Sub(next.since)))
		}
		if end {
			alerts = append(alerts, ofEnd(kind, what, now, now.Sub(was.since)))
		}
		return next
	}
	return states{
		store:     step(s.store, Degraded, "the counts' store", state.Store),
		directory: step(s.directory, Degraded, "the directory", state.Directory),
		roster:    step(s.roster, Roster, "the premium roster", state.Roster),
	}, alerts
}

func ofState(kind Kind, what, problem string, now time.Time, lasted time.Duration) Alert {
	verb := "has not been available"
	if kind == Roster {
		verb = "has not been up to date"
	}
	return Alert{
		Kind: kind, Time: now, Problem: problem, key: kind.String() + " " + what, once: stateOnce,
		Text: fmt.Sprintf("For %v %s %s: %s.", lasted.Round(time.Second), what, verb, problem),
	}
}

func ofEnd(kind Kind, what string, now time.Time, lasted time.Duration) Alert {
	verb := "is available again"
	if kind == Roster {
		verb = "is up to date again"
	}
	return Alert{
		Kind: kind, Over: true, Time: now, key: kind.String() + " over " + what, once: stateOnce,
		Text: fmt.Sprintf("After %v %s %s.", lasted.Round(time.Second), what, verb),
	}
}

// ofReload is the alert that a reload failed.
func ofReload(err error, now time.Time) Alert {
	return Alert{
		Kind: Reload, Time: now, Problem: err.Error(), key: Reload.String() + " " + err.Error(), once: reloadOnce,
		Text: "The new configuration was not loaded; the previous one stays in force: " + err.Error(),
	}
}
