package history

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// TestOneSenderIsRefusedAgainAndAgain: one sender leaves few records, the newest among
// them, and they tell how many messages there were.
func TestOneSenderIsRefusedAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages = 20_000 // in a bit more than a day
		store := &fake{}
		r := NewRecorder(store, (&logged{}).log())
		r.Add(Record{Sender: "anne", Reason: "window", Recipients: 7})
		for range messages {
			r.Add(Record{Sender: "eve", Reason: "window", Recipients: 3})
			time.Sleep(5 * time.Second) //nolint:forbidigo // the bubble's clock
		}
		r.Add(Record{Sender: "eve", Reason: "message_limit", Recipients: 4})
		r.Add(Record{Sender: "eve", Reason: "window", Recipients: 5})
		time.Sleep(shareEvery + dueEvery) //nolint:forbidigo // the bubble's clock
		if !seen(store, Record{Sender: "eve", Reason: "window", Recipients: 5}) {
			t.Error("the newest is not stored")
		}
		r.Add(Record{Sender: "eve", Reason: "window", Recipients: 6})
		r.Close()
		for _, want := range []Record{
			{Sender: "anne", Reason: "window", Recipients: 7}, {Sender: "eve", Reason: "message_limit", Recipients: 4}, {Sender: "eve", Reason: "window", Recipients: 6},
		} {
			if !seen(store, want) {
				t.Errorf("%+v is not stored", want)
			}
		}
		n, recipients := 0, 0
		for _, e := range store.entries {
			n += 1 + e.Unrecorded.Messages
			recipients += e.Recipients + e.Unrecorded.Recipients
		}
		if n != messages+4 || recipients != 3*messages+7+4+5+6 {
			t.Errorf("the records tell of %d messages with %d recipients", n, recipients)
		}
		most := shareBurst + int(messages*5*time.Second/shareEvery) + 5
		if len(store.entries) > most {
			t.Errorf("%d records are stored, more than %d", len(store.entries), most)
		}
	})
}

func seen(store *fake, want Record) bool {
	store.mu.Lock()
	defer store.mu.Unlock()
	for _, e := range store.entries {
		if e.Sender == want.Sender && e.Reason == want.Reason && e.Recipients == want.Recipients {
			return true
		}
	}
	return false
}

// TestSharesAreBounded: what is remembered is bounded, and what is held back for somebody
// who is forgotten is stored.
func TestSharesAreBounded(t *testing.T) {
	s, now := newShares(), time.Now()
	n := 0
	add := func(client netip.Addr) {
		for _, r := range s.admit(Record{Client: client}, now) {
			n += 1 + r.Unrecorded.Messages
		}
	}
	client := netip.MustParseAddr("192.0.2.1")
	for range 2 * shareBurst {
		add(client)
	}
	if n != shareBurst {
		t.Errorf("%d records", n)
	}
	for range 2 * maxShares {
		client = client.Next()
		add(client)
	}
	if n != 2*shareBurst+2*maxShares || s.of.Len() != maxShares {
		t.Errorf("the records tell of %d messages, %d are remembered", n, s.of.Len())
	}
}

// TestAShareForEachWayToTypeALogin: there is one for all of them.
func TestAShareForEachWayToTypeALogin(t *testing.T) {
	s, n := newShares(), 0
	for range shareBurst {
		for _, login := range []string{"anne", "Anne", "aNNE"} {
			n += len(s.admit(Record{Sender: login, Reason: "window"}, time.Unix(0, 0)))
		}
	}
	if n != shareBurst {
		t.Errorf("%d records, not %d", n, shareBurst)
	}
}
