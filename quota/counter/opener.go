package counter

import (
	"slices"
	"sync"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
	"github.com/rcptquota/rcptquota/quota/counter/local"
	"github.com/rcptquota/rcptquota/quota/counter/redis"
)

// Opener opens stores while others that it opened may still be in use, as when one
// configuration replaces another. Those that count in the same folder count there together,
// since one process can open it only once. The zero value is ready.
type Opener struct {
	mu  sync.Mutex
	own map[string]own // by state_dir

	last       *Fallback // the one that was opened last; nil: none
	lastConfig Config
}

// own is a store of this process that was opened.
type own struct {
	store *local.Store
	key   string // fingerprint of the configured key; empty: it is the folder's own
}

// Open opens the store that a valid configuration describes. stateDir is the folder for
// what is counted in this process. A Redis that does not answer is no error; one is about a
// file, or tells that the stores that are in use have to be closed first.
func (o *Opener) Open(config Config, stateDir string) (Counter, error) {
	if config.Kind == kindEmbedded {
		own, err := o.openOwn(stateDir, nil)
		if err != nil {
			return nil, err
		}
		return own, nil
	}
	digests, err := config.digests()
	if err != nil {
		return nil, err
	}
	shared, err := redis.Open(config.Config, digests)
	if err != nil {
		return nil, err
	}
	var own *local.Store
	if config.Unavailable == unavailableLocal {
		if own, err = o.openOwn(stateDir, digests); err != nil {
			_ = shared.Close()
			return nil, err
		}
	}
	return o.fallback(shared, own, config), nil
}

// fallback makes a store with a Redis. One that was opened before it hands over what it
// could not release there yet, if the Redis is the same.
func (o *Opener) fallback(shared *redis.Store, own *local.Store, config Config) *Fallback {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.last
	if before != nil && (!slices.Equal(o.lastConfig.Addresses, config.Addresses) || o.lastConfig.MasterName != config.MasterName) {
		before = nil
	}
	o.last, o.lastConfig = newFallback(shared, own, config.Unavailable, before), config
	return o.last
}

// openOwn opens the store in a folder, or adds a user to it.
func (o *Opener) openOwn(stateDir string, digests *digest.Digester) (*local.Store, error) {
	key := ""
	if digests != nil {
		key = digests.Fingerprint()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if before, ok := o.own[stateDir]; ok && before.store.Again() {
		if before.key == key {
			return before.store, nil
		}
		return nil, errKeyInUse(stateDir, before.store.Close())
	}
	store, err := local.OpenWith(stateDir, digests)
	if err != nil {
		return nil, err
	}
	if o.own == nil {
		o.own = map[string]own{}
	}
	o.own[stateDir] = own{store, key}
	return store, nil
}

// errKeyInUse says why a store cannot be opened beside another.
func errKeyInUse(stateDir string, err error) error {
	if err != nil {
		return err
	}
	return conf.Errorf("store", "what is counted in %q goes by another digest key (that of the folder with kind = %q, digest_key_file with %q); "+
		"changing it takes a restart", stateDir, kindEmbedded, kindRedis)
}
