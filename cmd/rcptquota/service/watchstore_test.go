package service

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/quota/counter/local"
	"github.com/rcptquota/rcptquota/quota/counter/redis"
)

// fakeInspector finds what it is told to.
type fakeInspector struct {
	counter.Counter
	mu    sync.Mutex
	found redis.Inspection
	err   error
}

func (f *fakeInspector) finds(found redis.Inspection, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found, f.err = found, err
}

func (f *fakeInspector) Inspect(context.Context) (redis.Inspection, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.found, f.err
}

func (f *fakeInspector) Notice() error { return local.ErrKeyChanged }

// TestWatchStore: each finding is told once, and again when it has changed.
func TestWatchStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		store := &fakeInspector{err: errors.New("away")}
		stop := watchStore(t.Context(), log, store)
		defer stop()
		told := func(after time.Duration) []string {
			time.Sleep(after) //nolint:forbidigo // the bubble's clock
			synctest.Wait()
			defer out.Reset()
			return strings.Split(strings.TrimSpace(out.String()), "\n")
		}
		first, second := redis.Eviction{Server: "a:1", Policy: "volatile-lru", MaxMemory: 1}, redis.Eviction{Server: "b:1", Policy: "allkeys-lru", MaxMemory: 2}
		evicts := []string{
			"level=WARN msg=redis_evicts server=a:1 maxmemory_policy=volatile-lru maxmemory=1",
			"level=WARN msg=redis_evicts server=b:1 maxmemory_policy=allkeys-lru maxmemory=2",
		}
		nothing := []string{""}
		for i, step := range []struct {
			found redis.Inspection
			err   error
			want  []string
		}{
			{err: errors.New("away"), want: []string{`level=WARN msg=digest_key_changed error="` + local.ErrKeyChanged.Error() + `"`}},
			{want: nothing},
			{found: redis.Inspection{Evicting: []redis.Eviction{second, first}}, want: evicts},
			{found: redis.Inspection{Evicting: []redis.Eviction{first, second}}, want: nothing},
			{err: errors.New("away"), want: nothing},
			{found: redis.Inspection{Evicting: []redis.Eviction{first}, MemoryError: errors.New("NOPERM info"), KeyError: errors.New("NOPERM get")}, want: []string{
				`level=INFO msg=redis_not_examined error="NOPERM info"`, `level=INFO msg=redis_not_examined error="NOPERM get"`,
			}},
			{found: redis.Inspection{MemoryError: errors.New("NOPERM info")}, want: nothing},
			{found: redis.Inspection{Fingerprint: "0a", OtherFingerprint: "0b"}, want: []string{
				"level=INFO msg=redis_evicts_nothing", "level=ERROR msg=digest_key_differs fingerprint=0a in_redis=0b",
			}},
			{found: redis.Inspection{Fingerprint: "0a", OtherFingerprint: "0b"}, want: nothing},
			{found: redis.Inspection{Fingerprint: "0a"}, want: []string{"level=INFO msg=digest_key_agrees"}},
		} {
			store.finds(step.found, step.err)
			if got := told(inspectEvery + time.Second); !slices.Equal(got, step.want) {
				t.Errorf("step %d:\n%s\nwant:\n%s", i, strings.Join(got, "\n"), strings.Join(step.want, "\n"))
			}
		}
	})
}

// The embedded store has nothing behind it.
func TestWatchStoreEmbedded(t *testing.T) {
	watchStore(t.Context(), slog.New(slog.DiscardHandler), counter.None{})()
}
