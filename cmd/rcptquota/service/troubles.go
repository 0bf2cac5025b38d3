package service

import (
	"context"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/alert"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
)

// troubles are what an alert is about if it lasts.
func (p *Parts) troubles() alert.State {
	store := storeStatus(p)
	state := alert.State{Store: store.Problem}
	directory := directoryStatus(p)
	state.Directory = directory.Problem
	if n := len(directory.Servers); n > 0 && directory.up() == 0 {
		state.Directory = "no LDAP server answers"
	}
	if keeper := p.Roster.keeper(); keeper != nil {
		if doubt := keeper.Doubt(); doubt != roster.Sure {
			state.Roster = doubtInWords(doubt.String(), &directory, &store)
		}
	}
	return state
}

// doubtInWords says what a [roster.Doubt] means.
func doubtInWords(doubt string, d *DirectoryStatus, st *StoreStatus) string {
	switch doubt {
	case roster.Unavailable.String():
		return whatIsAway(d, st)
	case roster.WrongClock.String():
		return "a clock is wrong"
	case roster.NearlyEmpty.String():
		return "nearly everybody is missing from the directory"
	}
	return doubt
}

// whatIsAway names what the roster cannot be read from, as far as that is known.
func whatIsAway(d *DirectoryStatus, st *StoreStatus) string {
	noLDAP := len(d.Servers) > 0 && d.up() == 0
	switch {
	case noLDAP && st.Problem != "":
		return "LDAP and the store are away"
	case noLDAP:
		return "LDAP is away"
	case d.Problem != "":
		return "the directory cannot be used as it is now"
	case st.Problem != "" || len(d.Servers) == 0:
		return "the store is away"
	}
	return "LDAP or the store is away"
}

// up is how many LDAP servers answer.
func (d *DirectoryStatus) up() (n int) {
	for _, server := range d.Servers {
		if server.Up {
			n++
		}
	}
	return n
}

// uses returns how full the windows of a class are for one sender, by the name under
// which the recipients are counted.
func (p *Parts) uses(ctx context.Context, counted, class string) ([]alert.Use, error) {
	windows, _ := p.Config.Rules().WindowsOf(class)
	if len(windows) == 0 {
		return nil, nil
	}
	used, err := p.Counter.Usage(ctx, counted, windows, 0)
	if err != nil {
		return nil, err
	}
	var uses []alert.Use
	for i, w := range used.Windows {
		if used.Alone != nil { // a message has to fit both
			w.Used = max(w.Used, used.Alone.Windows[i].Used)
		}
		uses = append(uses, alert.Use{Window: w.Window, Used: w.Used})
	}
	return uses, nil
}
