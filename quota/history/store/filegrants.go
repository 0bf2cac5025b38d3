package store

import (
	"context"
	"encoding/json"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rcptquota/rcptquota/quota/history"
)

// Grants implements [history.Ledger]. If there is no file, nobody was ever granted
// anything.
func (f *fileStore) Grants(context.Context) (grants []history.Grant, err error) {
	if f.absent() {
		return nil, nil
	}
	err = f.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(grantsBucket).ForEach(func(_, text []byte) error {
			var g history.Grant
			err := json.Unmarshal(text, &g)
			grants = append(grants, g)
			return err
		})
	})
	return grants, err
}

// Now implements [history.Clock]: the clock is this machine's.
func (f *fileStore) Now(context.Context) (time.Time, error) { return time.Now(), nil }

// Change implements [history.Ledger].
func (f *fileStore) Change(_ context.Context, remove []string, add ...history.Grant) error {
	tooMany := false
	err := f.update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(grantsBucket)
		for _, id := range remove {
			if err := bucket.Delete([]byte(id)); err != nil {
				return err
			}
		}
		n := 0
		if err := bucket.ForEach(func([]byte, []byte) error { n++; return nil }); err != nil {
			return err
		}
		if tooMany = n+len(add) > history.MaxGrants; tooMany {
			return nil // what was to be removed is
		}
		for i := range add {
			text, err := json.Marshal(&add[i])
			if err != nil {
				return err
			}
			if err := bucket.Put([]byte(add[i].ID), text); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && tooMany {
		return history.ErrTooManyGrants
	}
	return err
}
