package main

import (
	"context"
	"errors"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
)

// premiumOf is a directory whose senders are premium as a copy of the roster says.
type premiumOf struct {
	quota.Directory
	premium map[string]bool
}

// Sender implements [quota.Directory].
func (d *premiumOf) Sender(ctx context.Context, login string) (quota.Sender, error) {
	sender, err := d.Directory.Sender(ctx, login)
	sender.Premium = err == nil && d.premium[sender.ID]
	return sender, err
}

// premiumNow returns the directory with the senders who are premium now or, where no roster
// was ever copied, would be at a first start. It changes nothing about who is.
func premiumNow(ctx context.Context, c *config.Config, directory ldapcache.Directory) (_ quota.Directory, err error) {
	if !c.Rules().HasPremium() {
		return directory, nil
	}
	store, err := c.OpenRosterStore()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	state, err := roster.Read(ctx, store)
	if err != nil {
		return nil, err
	}
	effective, _ := state.At(time.Now())
	if effective == nil || !c.Premium.Weekly() {
		if effective, err = roster.Preview(ctx, c.Premium.Config, directory); err != nil {
			return nil, err
		}
	}
	d := &premiumOf{directory, map[string]bool{}}
	for _, designation := range effective.Elected {
		d.premium[designation.Sender] = true
	}
	return d, nil
}
