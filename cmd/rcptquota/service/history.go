package service

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/quota/history"
	"github.com/rcptquota/rcptquota/quota/history/store"
)

// grantsStartTimeout is how long the start waits for the grants; after that, what they could
// allow is deferred until they are there.
const grantsStartTimeout = 5 * time.Second

// History keeps decision records and grants while the milter runs.
type History struct {
	// Records finds decision records.
	Records history.Reader
	// Recorder stores them; nil where none are kept.
	Recorder *history.Recorder
	// Book has the grants.
	Book *history.Book

	relay string // this host's name
}

// historyStore is where decision records and grants are kept. It may be that of several
// configurations, one after the other: a file can be open only once.
type historyStore struct{ store.Store }

// openHistory begins to keep decision records and grants in a store that is open. One that
// is away is no error: mail goes on without.
func openHistory(ctx context.Context, c *config.Config, opened historyStore, log *slog.Logger) *History {
	h := &History{Records: opened, relay: relayName(c)}
	if c.History.KeepsRecords() {
		h.Recorder = history.NewRecorder(opened, log)
	}
	ctx, cancel := context.WithTimeout(ctx, grantsStartTimeout)
	defer cancel()
	h.Book = history.OpenBook(ctx, opened, log)
	return h
}

// stores opens stores while those of earlier configurations are still in use, as while a
// message is under way. The zero value is ready.
type stores struct {
	counter.Opener
	files map[string]*shared[historyStore] // by state_dir
}

// openHistory opens the store of decision records and grants. A file that is open already
// gets one more user.
func (s *stores) openHistory(c *config.Config) (*shared[historyStore], error) {
	if c.Store.IsRedis() {
		client, err := c.Store.Client()
		if err != nil {
			return nil, err
		}
		return share(historyStore{store.OpenRedis(client, c.History)}), nil
	}
	if opened := s.files[c.StateDir]; opened != nil && opened.join() {
		return opened, nil
	}
	opened := share(historyStore{store.OpenFile(c.StateDir, c.History)})
	if s.files == nil {
		s.files = map[string]*shared[historyStore]{}
	}
	s.files[c.StateDir] = opened
	return opened, nil
}

// relayName is how decision records name this relay.
func relayName(c *config.Config) string {
	host, _ := os.Hostname()
	return cmp.Or(c.Hostname, host)
}

// Observe implements [milter.Observer]: it keeps a decision record of a message that was
// not simply accepted.
func (h *History) Observe(d *milter.Decision) {
	if h.Recorder == nil || !history.Leaves(d.Verdict) {
		return
	}
	r := history.Of(d.Verdict)
	r.Time, r.Relay, r.QueueID = time.Now().UTC().Truncate(time.Millisecond), h.relay, d.QueueID
	r.Client, r.Role, r.Reply = d.Client, d.Role.String(), d.Reply
	h.Recorder.Add(r)
}

// Close implements [io.Closer]. The store stays open.
func (h *History) Close() error {
	if h.Recorder != nil {
		h.Recorder.Close()
	}
	return h.Book.Close()
}

// observe passes on what became of a message to those who want to know, as they are in
// force.
type observe struct{ *Service }

// Observe implements [milter.Observer].
func (o observe) Observe(d *milter.Decision) {
	o.InForce().History.Observe(d)
	o.alerts.Observe(d)
}
