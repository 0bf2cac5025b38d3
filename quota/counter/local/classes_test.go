package local

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/quota/counter/underway"
)

func TestChangesOfClass(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		defer closeLocal(t, l)
		countertest.ChangesOfClass(t, l)
	})
}

// Messages are kept for the windows of any class, but no more than any limit can tell
// apart.
func TestKeepsNoMoreThanItNeeds(t *testing.T) {
	windows := []quota.Window{{Per: time.Hour, Recipients: quota.MaxRecipients, Count: quota.Copies}}
	var tally tally
	now := time.Now().UnixMicro()
	for i := range underway.MaxMessages + 500 {
		tally.Copies = append(tally.Copies, copied{At: now - underway.MaxMessages - 500 + int64(i), N: 1})
	}
	d := tally.reserve(now, &quota.Reservation{Ticket: quota.Ticket{ID: "a"}, Windows: windows, N: 1}, set{})
	if d.exceeded != 0 || d.used != underway.MaxMessages || len(tally.Copies) != underway.MaxMessages {
		t.Errorf("%+v; %d messages are kept", d, len(tally.Copies))
	}
}
