package local

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
)

// Asking changes nothing, and nothing has to be saved for it.
func TestAskingChangesNothing(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		reserve(t, l, "old", 1, 2, 3, 4)
		time.Sleep(59 * time.Minute) //nolint:forbidigo // the bubble's clock
		reserve(t, l, "open", 3, 4, 5)
		time.Sleep(2 * time.Minute) //nolint:forbidigo // the bubble's clock
		synctest.Wait()
		s := l.shard("anne")
		before := s.tally("anne").clone()
		for _, people := range [][]int{{1}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, nil} {
			for _, id := range []string{"", "open"} {
				if _, err := l.Try(t.Context(), countertest.ToReserve("anne", id, anHour, countertest.People(0, len(people)))); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, sender := range []string{"anne", "nobody"} {
			countertest.MustUse(t, l, sender, anHour, 10)
			l.CountedAlone(t.Context(), sender)
		}
		if after := s.tally("anne"); !reflect.DeepEqual(after, before) {
			t.Errorf("%+v, was %+v", after, before)
		}
		if l.knows("nobody") || len(s.takeDirty()) > 0 {
			t.Error("something is to be saved")
		}
	})
}

// A clock that was ahead is put right in an answer, too.
func TestAskingAfterAClockAhead(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		time.Sleep(48 * time.Hour) //nolint:forbidigo // the bubble's clock
		reserve(t, l, "ahead", 1, 2, 3, 4, 5, 6)
	})
	synctest.Test(t, func(t *testing.T) { // a bubble's clock begins in 2000
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		now := time.Now()
		u := countertest.MustUse(t, l, "anne", anHour, 1)
		if f := u.Windows[0].Frees; u.Windows[0].Used != 6 || len(f) != 1 || f[0].At.Sub(now.Add(time.Hour)).Abs() > time.Minute {
			t.Errorf("at %v: %+v", now, u)
		}
		count, err := l.Try(t.Context(), countertest.ToReserve("anne", "", anHour, countertest.People(10, 15)))
		if err != nil || count.Exceeded != 0 || count.RetryAt.Sub(now.Add(time.Hour)).Abs() > time.Minute {
			t.Errorf("at %v: %+v, %v", now, count, err)
		}
	})
}

// A reset survives a restart.
func TestResetIsSaved(t *testing.T) {
	dir := t.TempDir()
	counted(t, dir, "1", 1, 2, 3)
	l := openLocal(t, dir)
	if err := l.Reset(t.Context(), "anne"); err != nil {
		t.Fatal(err)
	}
	closeLocal(t, l)
	l = openLocal(t, dir)
	defer closeLocal(t, l)
	if u := countertest.MustUse(t, l, "anne", anHour, 0); u.Windows[0].Used+u.Windows[1].Used != 0 {
		t.Errorf("%+v", u)
	}
}

// What state_dir holds of a sender is as it was before there were questions.
func TestFormat(t *testing.T) {
	tally := &tally{
		Reached: []reach{{Digest: 1, At: 2}}, Copies: []copied{{At: 2, N: 1}},
		Open: []reservation{{ID: "a", At: 2, Replaced: []reach{{Digest: 3, At: 4}}}}, Last: 5, Keep: 6, Alone: 7,
		windows: []quota.Window{{Per: time.Hour}},
	}
	got, err := tally.encode()
	want, _ := hex.DecodeString("868182010281820201818361610281820304050607")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v; want %x", got, err, want)
	}
}
