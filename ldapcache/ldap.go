package ldapcache

import (
	"context"
	"errors"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
)

// LDAP is a directory in LDAP, remembered.
type LDAP struct {
	config  Config
	client  *client
	senders *cache[quota.Sender]
	lists   *batches[quota.List]
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
	lists, err := newBatches(config, searcher.lists)
	if err != nil {
		return nil, err
	}
	return &LDAP{config: config, client: client, senders: senders, lists: lists}, nil
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

// Lists implements [quota.Directory]. Of what was known once nothing is told while
// the directory is away: it could neither close a list nor open it.
func (d *LDAP) Lists(ctx context.Context, addresses []string) []quota.ListAnswer {
	answers := make([]quota.ListAnswer, len(addresses))
	for i, known := range d.lists.get(ctx, addresses) {
		switch {
		case known.err == nil:
			answers[i].List = known.value
		case errors.Is(known.err, quota.ErrAmbiguous): // nobody's list
			answers[i].List = &quota.List{Fault: known.err}
		case !errors.Is(known.err, quota.ErrAbsent):
			answers[i].Err = known.err
		}
	}
	return answers
}

// Stats tells how the directory has fared.
func (d *LDAP) Stats() Stats {
	return Stats{Senders: d.senders.stats(), Lists: d.lists.stats(), Servers: d.client.stats()}
}

// Close implements [io.Closer]. It returns when no search runs any more.
func (d *LDAP) Close() error {
	d.client.close() // fails the searches that run
	d.senders.close()
	d.lists.close()
	return nil
}
