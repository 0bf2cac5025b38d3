package ldapcache

import (
	"context"
	"errors"

	"github.com/rcptquota/rcptquota/ldapcache/ldap"
	"github.com/rcptquota/rcptquota/ldapcache/spelling"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
)

// Cached is a directory in LDAP that remembers its answers about senders and lists.
type Cached struct {
	*ldap.Directory
	senders *cache[quota.Sender]
	lists   *batches[list.List]
}

func newCached(config Config, source *ldap.Directory) (*Cached, error) {
	senders, err := newCache(config, source.Sender)
	if err != nil {
		return nil, err
	}
	lists, err := newBatches(config, source.Lists)
	if err != nil {
		return nil, err
	}
	return &Cached{Directory: source, senders: senders, lists: lists}, nil
}

// Sender implements [quota.Directory]. What is remembered costs no allocation.
func (d *Cached) Sender(ctx context.Context, login string) (sender quota.Sender, err error) {
	key, ok := spelling.Login(login)
	if !ok {
		return sender, quota.ErrAbsent
	}
	cached, stale, err := d.senders.get(ctx, key)
	if err != nil {
		return sender, err
	}
	sender = *cached
	sender.Stale = stale
	return sender, nil
}

// Lists implements [quota.Directory].
func (d *Cached) Lists(ctx context.Context, addresses []string) []list.Answer {
	answers := make([]list.Answer, len(addresses))
	for i, o := range d.lists.get(ctx, addresses) {
		switch {
		case o.err == nil:
			answers[i].List = o.value
		case errors.Is(o.err, quota.ErrAmbiguous): // nobody manages it
			answers[i].List = &list.List{Fault: o.err}
		case !errors.Is(o.err, quota.ErrAbsent):
			answers[i].Err = o.err
		}
	}
	return answers
}

// Stats counts the look-ups so far, and tells the state of the servers.
func (d *Cached) Stats() Stats {
	return Stats{Senders: d.senders.stats(), Lists: d.lists.stats(), Servers: d.Servers()}
}

// Close implements [io.Closer]. It returns once no search runs.
func (d *Cached) Close() error {
	d.Directory.Close() // the searches that run fail
	d.senders.close()
	d.lists.close()
	return nil
}
