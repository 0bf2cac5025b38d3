package history

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

var _ quota.Grants = (*Book)(nil)

func mustGrant(t *testing.T, login, id string, n int, life time.Duration) Grant {
	t.Helper()
	g, err := NewGrant(Grant{Login: login, Sender: id, Recipients: n, Until: time.Now().Add(life), By: "root", Why: "a trip"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (b *Book) want(t *testing.T, login, id string, n int, known bool) {
	t.Helper()
	got, err := b.Granted(login, id, time.Now())
	if got != n || (err == nil) != known || err != nil && !errors.Is(err, ErrUnread) {
		t.Errorf("%s (%s): %d, %v; want %d", login, id, got, err, n)
	}
	if most, err := b.MostGranted(time.Now()); most < n || (err == nil) != known {
		t.Errorf("at most %d, %v", most, err)
	}
}

func openBook(t *testing.T, store DatedLedger) (*Book, *logged) {
	t.Helper()
	log := &logged{}
	return OpenBook(t.Context(), store, log.log()), log
}

// TestBook: a grant counts for all logins of the person, together with their others, on
// this relay at once and on others soon, until its end.
func TestBook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fake{}
		here, log := openBook(t, store)
		there, _ := openBook(t, store)
		defer here.Close()  //nolint:errcheck // no error
		defer there.Close() //nolint:errcheck // no error
		here.want(t, "anne", "uid=anne", 0, true)
		for _, g := range []Grant{
			mustGrant(t, "Anne", "uid=anne", 100, time.Hour), mustGrant(t, "anne.b", "uid=anne", 20, 2*time.Hour),
			mustGrant(t, "zoe", "", 3, time.Hour),
		} {
			if err := here.Add(t.Context(), g); err != nil {
				t.Fatal(err)
			}
		}
		here.want(t, "ANNE", "uid=anne", 120, true)
		time.Sleep(readEvery + time.Millisecond) //nolint:forbidigo // the bubble's clock
		there.want(t, "anne", "uid=anne", 120, true)
		there.want(t, "third.login", "uid=anne", 120, true)
		there.want(t, "anne", "", 100, true)
		there.want(t, "zoe", "uid=zoe", 3, true)
		there.want(t, "paul", "", 0, true)
		if got, err := there.Grants(time.Now()); len(got) != 3 || got[0].Login != "anne" || err != nil {
			t.Errorf("%+v, %v", got, err)
		}
		time.Sleep(time.Hour) //nolint:forbidigo // the bubble's clock
		there.want(t, "anne", "uid=anne", 20, true)
		if got, err := there.Grants(time.Now()); len(got) != 1 || err != nil {
			t.Errorf("%+v, %v", got, err)
		}
		log.want(t)
	})
}

// TestForgottenGrants: what ended long ago is removed from the store, and what a clock
// that is ahead takes for ended is not.
func TestForgottenGrants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fake{grants: []Grant{
			mustGrant(t, "anne", "", 1, time.Minute), mustGrant(t, "zoe", "", 1, 2*time.Hour), mustGrant(t, "paul", "", 1, forgetAfter+2*time.Hour),
		}}
		time.Sleep(forgetAfter + time.Hour) //nolint:forbidigo // the bubble's clock
		b, _ := openBook(t, store)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if len(store.grants) != 2 || store.grants[0].Login != "zoe" || store.changes != 1 {
			t.Errorf("in the store after %d changes: %+v", store.changes, store.grants)
		}
		b.want(t, "zoe", "", 0, true)
		b.want(t, "paul", "", 1, true)
	})
}

// TestAClockAYearAhead: a relay whose clock is ahead removes no grant that counts on others.
func TestAClockAYearAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fake{grants: []Grant{mustGrant(t, "anne", "", 1, time.Hour)}, ahead: -365 * 24 * time.Hour}
		time.Sleep(forgetAfter + 2*time.Hour) //nolint:forbidigo // the bubble's clock
		b, _ := openBook(t, store)
		defer b.Close()         //nolint:errcheck // no error
		time.Sleep(time.Minute) //nolint:forbidigo // the bubble's clock
		if b.want(t, "anne", "", 0, true); len(store.grants) != 1 {
			t.Error("a grant that counts on other relays is gone")
		}
	})
}

func TestRevoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := openBook(t, &fake{})
		defer b.Close() //nolint:errcheck // no error
		one, two := mustGrant(t, "anne", "", 1, time.Hour), mustGrant(t, "anne", "", 2, time.Hour)
		for _, g := range []Grant{one, two, mustGrant(t, "anne", "", 4, time.Hour), mustGrant(t, "anne", "", 8, time.Minute)} {
			if err := b.Add(t.Context(), g); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute) //nolint:forbidigo // the bubble's clock
		if got, err := b.Revoke(t.Context(), one.ID, time.Now()); len(got) != 1 || got[0] != one || err != nil {
			t.Errorf("%+v, %v", got, err)
		}
		b.want(t, "anne", "", 6, true)
		if got, err := b.Revoke(t.Context(), "ANNE", time.Now()); len(got) != 2 || err != nil {
			t.Errorf("%+v, %v", got, err)
		}
		b.want(t, "anne", "", 0, true)
		for _, name := range []string{"anne", one.ID, "nobody", ""} {
			if got, err := b.Revoke(t.Context(), name, time.Now()); len(got) > 0 || !errors.Is(err, ErrNoGrant) {
				t.Errorf("%q: %+v, %v", name, got, err)
			}
		}
	})
}

// TestBookWithoutAStore: what was read last stays until its end; after a while, and at a
// start, it is in doubt whether there is more.
func TestBookWithoutAStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fake{}
		b, log := openBook(t, store)
		defer b.Close() //nolint:errcheck // no error
		if err := b.Add(t.Context(), mustGrant(t, "anne", "", 5, time.Hour)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // the bubble's clock
		store.set(errAway)
		time.Sleep(4 * time.Second) //nolint:forbidigo // the bubble's clock
		b.want(t, "anne", "", 5, true)
		log.want(t, `level=WARN msg=grants_unavailable error=away`)
		time.Sleep(time.Second) //nolint:forbidigo // the bubble's clock
		b.want(t, "anne", "", 5, false)
		b.want(t, "zoe", "", 0, false)
		if err := b.Add(t.Context(), mustGrant(t, "zoe", "", 5, time.Hour)); !errors.Is(err, errAway) {
			t.Errorf("granted: %v", err)
		}
		if _, err := b.Revoke(t.Context(), "anne", time.Now()); !errors.Is(err, errAway) {
			t.Errorf("revoked: %v", err)
		}
		if got, err := b.Grants(time.Now()); len(got) != 1 || !errors.Is(err, ErrUnread) {
			t.Errorf("%+v, %v", got, err)
		}
		started, startedLog := openBook(t, store)
		started.want(t, "anne", "", 0, false)
		startedLog.want(t, `level=WARN msg=grants_unavailable error=away`)
		store.set(nil)
		time.Sleep(2 * readEvery) //nolint:forbidigo // the bubble's clock
		b.want(t, "anne", "", 5, true)
		started.want(t, "anne", "", 5, true)
		log.want(t, `level=INFO msg=grants_available`)
		if err := started.Close(); err != nil {
			t.Error(err)
		}
		startedLog.want(t, `level=INFO msg=grants_available`)
	})
}

// TestAChangeThatIsNotReadBack: what the store has taken is no failure, even if it cannot be
// read then, or who asked has left.
func TestAChangeThatIsNotReadBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fake{}
		b, _ := openBook(t, store)
		defer b.Close() //nolint:errcheck // no error
		left, leave := context.WithCancel(t.Context())
		leave()
		store.mu.Lock()
		store.blind = errAway
		store.mu.Unlock()
		if err := b.Add(left, mustGrant(t, "anne", "", 5, time.Hour)); err != nil || len(store.grants) != 1 {
			t.Errorf("%v, with %+v in the store", err, store.grants)
		}
		store.mu.Lock()
		store.blind = nil
		store.mu.Unlock()
		time.Sleep(readEvery) //nolint:forbidigo // the bubble's clock
		synctest.Wait()
		b.want(t, "anne", "", 5, true)
		store.mu.Lock()
		store.hangs = true
		store.mu.Unlock()
		start := time.Now()
		if err := b.Add(left, mustGrant(t, "zoe", "", 5, time.Hour)); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != readTimeout {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// TestBookOfAStoreThatHangs: the start does not wait for long.
func TestBookOfAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		log := &logged{}
		b := OpenBook(ctx, &fake{hangs: true}, log.log())
		if time.Since(start) != time.Second {
			t.Errorf("the start took %v", time.Since(start))
		}
		b.want(t, "anne", "", 0, false)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		log.want(t, `level=WARN msg=grants_unavailable error="context deadline exceeded"`)
	})
}

func TestNewGrant(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 5, time.UTC)
	good := Grant{Login: " Anne ", Recipients: 1, Until: now.Add(time.Hour), Why: "x"}
	g, err := NewGrant(good, now)
	if err != nil || g.Login != "anne" || len(g.ID) != 8 || !g.Granted.Equal(now.Truncate(time.Second)) {
		t.Errorf("%+v, %v", g, err)
	}
	for want, spoil := range map[error]func(*Grant){
		ErrNoLogin:     func(g *Grant) { g.Login = "anne\x1b[2J" },
		ErrNoWhy:       func(g *Grant) { g.Why = "two\nlines" },
		ErrUntil:       func(g *Grant) { g.Until = now },
		ErrGrantNumber: func(g *Grant) { g.Recipients = quota.MaxRecipients + 1 },
	} {
		bad := good
		spoil(&bad)
		if _, err := NewGrant(bad, now); !errors.Is(err, want) {
			t.Errorf("%+v: %v, want %v", bad, err, want)
		}
	}
}

// BenchmarkGranted is what each message pays.
func BenchmarkGranted(b *testing.B) {
	for _, n := range []int{0, MaxGrants} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			store := &fake{}
			for i := range n {
				store.grants = append(store.grants, Grant{Login: fmt.Sprintf("s%d", i), Sender: fmt.Sprintf("uid=s%d", i), Recipients: 1, Until: time.Now().Add(time.Hour)})
			}
			book := OpenBook(b.Context(), store, (&logged{}).log())
			defer book.Close() //nolint:errcheck // no error
			now := time.Now()
			for b.Loop() {
				_, _ = book.Granted("s500", "uid=s500", now)
			}
		})
	}
}
