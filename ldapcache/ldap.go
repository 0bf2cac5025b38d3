package ldapcache

import (
	"context"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
)

// LDAP is a directory in LDAP, remembered.
type LDAP struct {
	config  Config
	client  *client
	senders *cache[quota.Sender]
}

func openLDAP(config Config, attributes []string) (*LDAP, error) {
	client, err := newClient(config)
	if err != nil {
		return nil, err
	}
	searcher, err := newSearcher(config.withPreset(), client, attributes)
	if err != nil {
		return nil, err
	}
	senders, err := newCache(config, searcher.sender)
	if err != nil {
		return nil, err
	}
	return &LDAP{config: config, client: client, senders: senders}, nil
}

// Sender implements [quota.Directory]. What is remembered costs no allocation.
func (d *LDAP) Sender(ctx context.Context, login string) (sender quota.Sender, err error) {
	key, ok := normalise(login)
	if !ok {
		return sender, quota.ErrAbsent
	}
	known, stale, err := d.senders.get(ctx, key)
	if err != nil {
		return sender, err
	}
	sender = *known
	sender.Stale = stale
	return sender, nil
}

// Designations implements [roster.Source]. It takes a connection of its own, and
// any time that the directory needs.
func (d *LDAP) Designations(ctx context.Context) (all []roster.Designation, unresolved []string, err error) {
	return designations(ctx, d.config)
}

// Stats tells how the directory has fared.
func (d *LDAP) Stats() Stats {
	return Stats{Senders: d.senders.stats(), Servers: d.client.stats()}
}

// Close implements [io.Closer]. It returns when no search runs any more.
func (d *LDAP) Close() error {
	d.client.close() // fails the searches that run
	d.senders.close()
	return nil
}
