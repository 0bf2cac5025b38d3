package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/history"
)

// Store is a store that is open.
type Store struct {
	history.Writer
	history.Reader
	history.Ledger
	history.Clock
	io.Closer
	retention *retention
}

// Retain changes how long records are kept, and how many.
func (s Store) Retain(config history.Config) { s.retention.Store(&config) }

// retention is the configuration by which records are kept.
type retention struct{ atomic.Pointer[history.Config] }

func newRetention(config history.Config) *retention {
	r := &retention{}
	r.Store(&config)
	return r
}

// OpenRedis returns the store in Redis. The client becomes the store's. A Redis that does
// not answer is no error.
func OpenRedis(client redis.UniversalClient, config history.Config) Store {
	r := newRedis(client, config)
	return Store{r, r, r, r, client, r.retention}
}

// OpenFile returns the store in a folder, which it makes, with the file, when something
// is to be kept. Nothing is an error yet: what is kept there is not worth stopping for.
func OpenFile(dir string, config history.Config) Store {
	f := newFile(dir, config)
	return Store{f, f, f, f, f, f.retention}
}

// batch is records as they are stored.
type batch struct {
	token   string   // of this very batch
	records [][]byte // in JSON
}

func encode(records []history.Record) (batch, error) {
	b := batch{records: make([][]byte, len(records))}
	digest := sha256.New()
	for i := range records {
		text, err := json.Marshal(&records[i])
		if err != nil {
			return batch{}, err
		}
		b.records[i] = text
		_, _ = digest.Write(text) // a hash takes everything
	}
	b.token = hex.EncodeToString(digest.Sum(nil)[:16])
	return b, nil
}

// trimStep is how many records are trimmed at once, beyond as many as are appended.
const trimStep = 200

func decode(text []byte) (r history.Record, err error) { return r, json.Unmarshal(text, &r) }

// isReference reports whether text may be a queue id. Postfix's are of letters and digits.
func isReference(text string) bool {
	return text != "" && len(text) <= maxReference && !strings.Contains(text, "\x00")
}

// maxReference is the longest queue id in bytes that is looked up.
const maxReference = 255
