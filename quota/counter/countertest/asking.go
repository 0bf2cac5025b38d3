package countertest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
	"github.com/rcptquota/rcptquota/quota/counter/usage"
)

// Store is a [quota.Counter] that can be asked without counting.
type Store interface { //nolint:interfacebloat // what an open store can do
	quota.Counter
	Try(ctx context.Context, r *quota.Reservation) (quota.Count, error)
	Usage(ctx context.Context, sender string, windows []quota.Window, parts int) (usage.Sender, error)
	Senders(ctx context.Context) iter.Seq2[string, error]
	Reset(ctx context.Context, sender string) error
}

// MustUse asks how much a sender has used.
func MustUse(t testing.TB, s Store, sender string, windows []quota.Window, parts int) usage.Sender {
	t.Helper()
	u, err := s.Usage(t.Context(), sender, windows, parts)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Names are the senders that the store yields, sorted, each once.
func Names(t testing.TB, s Store) []string {
	t.Helper()
	var names []string
	for name, err := range s.Senders(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Asks checks what a store answers about its senders, beyond what [Compare] does.
func Asks(t *testing.T, s Store) {
	t.Helper()
	asksNobody(t, s)
	remembersWindows(t, s)
	yieldsSenders(t, s)
	triesTooMany(t, s)
}

// asksNobody asks about a sender of whom nothing is known, which makes none of him.
func asksNobody(t *testing.T, s Store) {
	t.Helper()
	if count, err := s.Try(t.Context(), ToReserve("nobody", "", Generous, People(0, 3))); err != nil || count.Exceeded != -1 || count.At.IsZero() {
		t.Errorf("tried: %+v, %v", count, err)
	}
	want := []usage.Window{{Window: Generous[0]}, {Window: Generous[1]}}
	if u := MustUse(t, s, "nobody", Generous, 10); !reflect.DeepEqual(u.Windows, want) || u.Open != 0 {
		t.Errorf("used: %+v", u)
	}
	if u := MustUse(t, s, "nobody", nil, 10); len(u.Windows) != 0 {
		t.Errorf("windows of nobody: %+v", u)
	}
	if err := s.Reset(t.Context(), "nobody"); err != nil {
		t.Error(err)
	}
	if names := Names(t, s); len(names) > 0 {
		t.Errorf("senders: %q", names)
	}
}

// remembersWindows asks without windows: they are those of the message counted last.
func remembersWindows(t *testing.T, s Store) {
	t.Helper()
	for _, windows := range Rulebooks(time.Hour) {
		MustReserve(t, s, ToReserve("windows", fmt.Sprint(len(windows), windows[0].Count), windows, People(0, 1)))
		got := MustUse(t, s, "windows", nil, 4)
		want := MustUse(t, s, "windows", windows, 4)
		if len(got.Windows) != len(windows) || !reflect.DeepEqual(got.Windows, want.Windows) {
			t.Errorf("%+v, want %+v", got.Windows, want.Windows)
		}
	}
	if err := s.Reset(t.Context(), "windows"); err != nil {
		t.Error(err)
	}
}

func yieldsSenders(t *testing.T, s Store) {
	t.Helper()
	want := []string{"cn=Anne {}:*,ou=personnes,dc=ent", "anne@example.org", "chloé", "two\nlines", "5 5 d;"}
	for i := range 1000 {
		want = append(want, fmt.Sprintf("sender%d", i))
	}
	for _, name := range want {
		r := ToReserve(name, "a", Generous, People(0, 3))
		MustReserve(t, s, r)
		MustSettle(t, s, r.Ticket, true)
	}
	slices.Sort(want)
	got := slices.DeleteFunc(Names(t, s), func(name string) bool { return name == "windows" }) // which was reset
	if !slices.Equal(got, want) {
		t.Errorf("%d senders, want %d: %.200q", len(got), len(want), got)
	}
	for _, err := range s.Senders(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break // whoever asks may stop
	}
	for _, name := range want {
		if u := MustUse(t, s, name, nil, 0); len(u.Windows) != 2 || u.Windows[1].Used != 3 {
			t.Fatalf("%q: %+v", name, u)
		}
	}
}

func triesTooMany(t *testing.T, s Store) {
	t.Helper()
	one := func(id string) *quota.Reservation { return ToReserve("many", id, Generous, People(0, 2)) }
	for i := range underway.Most {
		MustReserve(t, s, one(fmt.Sprint(i)))
	}
	if _, err := s.Try(t.Context(), one("")); !errors.Is(err, quota.ErrTooManyOpen) {
		t.Errorf("one more: %v", err)
	}
	if u := MustUse(t, s, "many", Generous, 1); u.Open != underway.Most || u.Windows[0].Open != 2 || u.Windows[1].Open != 2*underway.Most {
		t.Errorf("under way: %+v", u)
	}
	if count, err := s.Try(t.Context(), one("7")); err != nil || count.Exceeded != -1 {
		t.Errorf("one of them again: %+v, %v", count, err)
	}
	MustSettle(t, s, one("3").Ticket, true)
	if count, err := s.Try(t.Context(), one("")); err != nil || count.Exceeded != -1 {
		t.Errorf("after one was committed: %+v, %v", count, err)
	}
	if u := MustUse(t, s, "many", Generous, 0); u.Open != underway.Most-1 || u.Windows[1].Used != 2*underway.Most || u.Windows[1].Open != 2*underway.Most-2 {
		t.Errorf("after one was committed: %+v", u)
	}
}

// Resets checks that a sender who was reset begins anew, and that messages that were
// under way can still be settled.
func Resets(t *testing.T, s Store) {
	t.Helper()
	windows := []quota.Window{
		{Per: time.Hour, Recipients: 10, Count: quota.Distinct},
		{Per: time.Hour, Recipients: 12, Count: quota.Copies},
	}
	message := func(sender, id string, from, to int) *quota.Reservation {
		return ToReserve(sender, id, windows, People(from, to))
	}
	for _, sender := range []string{"anne", "bertrand"} {
		committed := message(sender, "committed", 0, 4)
		MustReserve(t, s, committed)
		MustSettle(t, s, committed.Ticket, true)
		MustReserve(t, s, message(sender, "released", 2, 6))
		MustReserve(t, s, message(sender, "late", 3, 6))
	}
	if err := s.Reset(t.Context(), "anne"); err != nil {
		t.Fatal(err)
	}
	if u := MustUse(t, s, "anne", windows, 5); u.Open != 0 || u.Windows[0].Used+u.Windows[1].Used != 0 {
		t.Errorf("after the reset: %+v", u)
	}
	MustReserve(t, s, message("anne", "new", 0, 9))
	for id, commit := range map[string]bool{"released": false, "late": true, "committed": false} {
		MustSettle(t, s, quota.Ticket{Sender: "anne", ID: id}, commit)
	}
	if u := MustUse(t, s, "anne", windows, 0); u.Open != 1 || u.Windows[0].Used != 9 || u.Windows[1].Used != 9 {
		t.Errorf("after the old ones were settled: %+v", u)
	}
	MustSettle(t, s, quota.Ticket{Sender: "anne", ID: "new"}, false)
	if u := MustUse(t, s, "anne", windows, 0); u.Windows[0].Used+u.Windows[1].Used != 0 {
		t.Errorf("after the new one was released: %+v", u)
	}
	if u := MustUse(t, s, "bertrand", windows, 0); u.Open != 2 || u.Windows[0].Used != 6 || u.Windows[1].Used != 11 {
		t.Errorf("another sender: %+v", u)
	}
}
