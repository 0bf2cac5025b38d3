package service

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/history"
	"github.com/rcptquota/rcptquota/test/servers"
)

// Who follows decision records learns of those that a reload has stored elsewhere, and is
// told when none are kept any more.
func TestFollowRefusalsOverReloads(t *testing.T) {
	r := start(t, listen)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	seen, ended := make(chan history.Record), make(chan error, 1)
	go func() {
		ended <- r.followRefusals(request, func(record history.Record) error {
			select {
			case seen <- record:
			case <-t.Context().Done():
			}
			return context.Cause(t.Context())
		})
	}()
	next := func(sender string) {
		t.Helper()
		if !servers.Wait(func() bool { // it may begin to follow after the first ones
			r.InForce().History.Recorder.Add(history.Record{Sender: sender})
			select {
			case record := <-seen:
				return record.Sender == sender
			default:
				return false
			}
		}) {
			t.Fatalf("no record of %s is seen", sender)
		}
	}
	next("anne")
	for _, dir := range []string{"other", "third"} {
		r.reloads("state_dir = \"$D/" + dir + "\"\n" + listen)
		next(dir)
	}
	r.reloads("state_dir = \"$D/fourth\"\n" + listen + "[history]\nkeep = \"0s\"\n")
	for {
		select {
		case <-seen:
			continue
		case err := <-ended:
			if err == nil || !strings.Contains(err.Error(), "no decision records are kept") {
				t.Error(err)
			}
		}
		break
	}
}
