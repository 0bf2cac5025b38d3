package service

import (
	"context"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/alert"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
)

// troubles are what an alert is about if it lasts.
func (p *Parts) troubles() alert.State {
	state := alert.State{Store: storeStatus(p).Problem}
	directory := directoryStatus(p)
	state.Directory = directory.Problem
	if n := len(directory.Servers); n > 0 && directory.up() == 0 {
		state.Directory = "no LDAP server answers"
	}
	if keeper := p.Roster.keeper(); keeper != nil {
		if doubt := keeper.Doubt(); doubt != roster.Sure {
			state.Roster = doubts[doubt.String()]
		}
	}
	return state
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
	windows := p.Config.Rules().Windows(class)
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
