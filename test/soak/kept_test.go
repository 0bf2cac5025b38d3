//go:build servers && soak

package soak

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/redis/go-redis/v9"
	"go.etcd.io/bbolt"
)

// kept is a message as a store keeps it.
type kept struct {
	at int64 // of the decision, in microseconds, on the store's clock
	n  int
}

// inRedis reads what Redis holds of a sender, in the order of time (see
// common.lua).
func inRedis(t *testing.T, client redis.UniversalClient, login string) []kept {
	t.Helper()
	mac := hmac.New(sha256.New, []byte(digestKey))
	_, _ = mac.Write(append([]byte{0}, login...)) // a hash takes everything
	key := "rcptquota:{" + hex.EncodeToString(mac.Sum(nil)[:16]) + "}:messages"
	ctx, cancel := context.WithTimeout(t.Context(), maxWait)
	defer cancel()
	list, err := client.ZRangeWithScores(ctx, key, 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	var all []kept
	for _, z := range list {
		number, _, _ := strings.Cut(z.Member.(string), ":")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("%q: %v", z.Member, err)
		}
		all = append(all, kept{at: int64(z.Score), n: n})
	}
	return all
}

// inFile reads what the embedded store of a relay that does not run holds of a
// sender, in the order of time.
func inFile(t *testing.T, r *relay, login string) []kept {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(r.dir, "windows.db"), 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // nothing is written
	var tally struct {
		_       struct{} `cbor:",toarray"`
		Reached cbor.RawMessage
		Copies  []struct {
			_  struct{} `cbor:",toarray"`
			At int64
			N  int
		}
		Open, Last, Keep, Alone cbor.RawMessage
	}
	if err := db.View(func(tx *bbolt.Tx) error {
		return cbor.Unmarshal(tx.Bucket([]byte("tallies")).Get([]byte(login)), &tally)
	}); err != nil {
		t.Fatal(err)
	}
	var all []kept
	for _, c := range tally.Copies {
		all = append(all, kept{at: c.At, n: c.N})
	}
	return all
}

// copies adds up messages.
func copies(all []kept) int {
	sum := 0
	for _, k := range all {
		sum += k.n
	}
	return sum
}

// fullest is the most copies that any rolling period held.
func fullest(all []kept, per time.Duration) int {
	all = slices.SortedFunc(slices.Values(all), func(a, b kept) int { return cmp.Compare(a.at, b.at) })
	most, held, first := 0, 0, 0
	for _, k := range all {
		held += k.n
		for all[first].at <= k.at-per.Microseconds() {
			held -= all[first].n
			first++
		}
		most = max(most, held)
	}
	return most
}
