package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rcptquota/rcptquota/quota/history"
)

// keyOf is the key of a record: when it was stored, in microseconds, and never the same
// twice.
func keyOf(stored int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(stored)) } //nolint:gosec // after 1970

func storedAt(key []byte) time.Time { return time.UnixMicro(int64(binary.BigEndian.Uint64(key))) } //nolint:gosec // as keyOf wrote it

func referenceKey(queueID string, key []byte) []byte {
	return append(append([]byte(queueID), 0), key...)
}

// Append implements [history.Writer].
func (f *fileStore) Append(_ context.Context, records []history.Record) error {
	b, err := encode(records)
	if err != nil {
		return err
	}
	now := time.Now()
	return f.update(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		if string(meta.Get(batchEntry)) == b.token {
			return nil
		}
		decisions, references := tx.Bucket(decisionsBucket), tx.Bucket(referencesBucket)
		stored := now.UnixMicro()
		if last, _ := decisions.Cursor().Last(); last != nil {
			stored = max(stored, storedAt(last).UnixMicro()+1)
		}
		for i, text := range b.records {
			key := keyOf(stored + int64(i))
			if err := decisions.Put(key, text); err != nil {
				return err
			}
			if id := records[i].QueueID; isReference(id) {
				if err := references.Put(referenceKey(id, key), nil); err != nil {
					return err
				}
			}
		}
		if err := addCount(tx, len(records)); err != nil {
			return err
		}
		if _, err := f.trim(tx, now, len(records)+trimStep); err != nil {
			return err
		}
		return meta.Put(batchEntry, []byte(b.token))
	})
}

// Trim implements [history.Writer].
func (f *fileStore) Trim(context.Context) (more bool, err error) {
	if f.absent() {
		return false, nil
	}
	err = f.update(func(tx *bbolt.Tx) error {
		more, err = f.trim(tx, time.Now(), trimStep)
		return err
	})
	return more, err
}

// trim forgets at most step records, and reports whether there may be more to forget.
func (f *fileStore) trim(tx *bbolt.Tx, now time.Time, step int) (more bool, err error) {
	decisions, references := tx.Bucket(decisionsBucket), tx.Bucket(referencesBucket)
	config := f.retention.Load()
	oldest := now.Add(-config.Keep.Duration)
	excess := count(tx) - config.Records
	var old [][]byte // a cursor must not delete what it goes through
	cursor := decisions.Cursor()
	for key, text := cursor.First(); key != nil && len(old) < step; key, text = cursor.Next() {
		if len(old) >= excess && !storedAt(key).Before(oldest) {
			break
		}
		old = append(old, bytes.Clone(key))
		if r, err := decode(text); err == nil && isReference(r.QueueID) {
			if err := references.Delete(referenceKey(r.QueueID, key)); err != nil {
				return false, err
			}
		}
	}
	for _, key := range old {
		if err := decisions.Delete(key); err != nil {
			return false, err
		}
	}
	return len(old) == step, addCount(tx, -len(old))
}

// count is how many records there are.
func count(tx *bbolt.Tx) int {
	if n := tx.Bucket(metaBucket).Get(countEntry); len(n) == 8 {
		return int(binary.BigEndian.Uint64(n)) //nolint:gosec // as addCount wrote it
	}
	return 0
}

func addCount(tx *bbolt.Tx, n int) error {
	if n == 0 {
		return nil
	}
	n = max(count(tx)+n, 0)
	return tx.Bucket(metaBucket).Put(countEntry, binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// Find implements [history.Reader].
func (f *fileStore) Find(_ context.Context, queueID string) (found []history.Record, err error) {
	if !isReference(queueID) || f.absent() {
		return nil, nil
	}
	err = f.view(func(tx *bbolt.Tx) error {
		prefix := referenceKey(queueID, nil)
		decisions, cursor := tx.Bucket(decisionsBucket), tx.Bucket(referencesBucket).Cursor()
		var keys [][]byte
		for key, _ := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
			keys = append(keys, key[len(prefix):])
		}
		for i := len(keys) - 1; i >= 0 && len(found) < history.MaxFound; i-- {
			text := decisions.Get(keys[i])
			if text == nil {
				continue
			}
			r, err := decode(text)
			if err != nil {
				return err
			}
			found = append(found, r)
		}
		return nil
	})
	return found, err
}

// Page implements [history.Reader].
func (f *fileStore) Page(_ context.Context, p history.Page) (entries []history.Entry, err error) {
	if f.absent() {
		return nil, nil
	}
	from, err := hex.DecodeString(p.Cursor)
	if err != nil {
		return nil, err
	}
	err = f.view(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(decisionsBucket).Cursor()
		key, text := begin(cursor, from, p.Newer)
		for key != nil && len(entries) < p.Most {
			r, err := decode(text)
			if err != nil {
				return err
			}
			entries = append(entries, history.Entry{Cursor: hex.EncodeToString(key), Stored: storedAt(key), Record: r})
			if p.Newer {
				key, text = cursor.Next()
			} else {
				key, text = cursor.Prev()
			}
		}
		return nil
	})
	return entries, err
}

// begin puts the cursor next to from, in the direction asked for; at the end if from is
// empty.
func begin(c *bbolt.Cursor, from []byte, newer bool) (key, value []byte) {
	switch {
	case len(from) == 0 && newer:
		return c.First()
	case len(from) == 0:
		return c.Last()
	}
	key, value = c.Seek(from) // at from, or after it where it is gone
	switch {
	case newer && bytes.Equal(key, from):
		return c.Next()
	case newer:
		return key, value
	case key == nil:
		return c.Last()
	}
	return c.Prev()
}
