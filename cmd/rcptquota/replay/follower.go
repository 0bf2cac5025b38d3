package replay

import (
	"container/list"
	"net/netip"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/maillog"
)

const (
	// giveUpAfter is how long, by the log's own clock, further lines about a message are
	// waited for.
	giveUpAfter = 6 * time.Hour
	// maxOpen is how many messages are followed at once.
	maxOpen = 100_000
	// maxWaiting is how many messages of one login wait for an earlier one.
	maxWaiting = 10_000
)

// follower puts the events of a log together into messages, and hands each on when the log
// will say no more about it, those of one login in the order of their DATA. Make it with
// newFollower.
type follower struct {
	// wanted reports whether a message is to be followed.
	wanted func(login []byte, client netip.Addr) bool
	done   func(*message)

	hosts   map[string]*host
	senders map[string][]*message // by login, those whose header came, in its order
	open    *list.List            // of messages whose end has not come, the oldest first

	Fates
}

// Fates are the numbers of messages that are not judged.
type Fates struct {
	// Unauthenticated messages have no login, as mail from elsewhere has none.
	Unauthenticated int `json:"unauthenticated"`
	// Rejected messages were refused at DATA or at their end.
	Rejected int `json:"rejected"`
	// Unfinished messages were given up by the client, or the log ends before them.
	Unfinished int `json:"unfinished"`
	// Twice are those of which the log has a line twice; they are counted once.
	Twice int `json:"twice"`
}

// host is a machine. Queue ids are unique on it, more or less: see find.
type host struct {
	name     string
	open     map[string]*message
	sessions map[string]*session // by the process
	queues   map[string]bool     // instances that have a queue manager
}

func newFollower(wanted func(login []byte, client netip.Addr) bool, done func(*message)) *follower {
	return &follower{wanted: wanted, done: done, hosts: map[string]*host{}, senders: map[string][]*message{}, open: list.New()}
}

// follow takes the next event.
func (f *follower) follow(e *maillog.Event) {
	h := f.hosts[string(e.Host)]
	if h == nil {
		h = &host{name: string(e.Host), open: map[string]*message{}, sessions: map[string]*session{}, queues: map[string]bool{}}
		f.hosts[string(e.Host)] = h
	}
	switch e.Kind {
	case maillog.Connected, maillog.Disconnected:
		f.endSession(h, e)
	case maillog.Begun:
		f.begin(h, e)
	default:
		if e.Kind == maillog.Queued && !h.queues[string(e.Instance())] {
			h.queues[string(e.Instance())] = true
		}
		if m := h.find(e); m != nil {
			f.proceed(m, e)
		}
	}
	for oldest := f.open.Front(); oldest != nil; oldest = f.open.Front() {
		m := oldest.Value.(*message)
		if e.Time.Sub(m.begun) <= giveUpAfter && f.open.Len() <= maxOpen {
			break
		}
		f.giveUp(m)
	}
}

// find finds the message that a line is about. Two instances on one machine may have the
// same short queue id at once. Then it is the message of the instance that says it; but
// syslog_name in master.cf can give smtpd another name than its queue manager has, so it
// may also be that of an instance without a queue.
func (h *host) find(e *maillog.Event) *message {
	var foreign *message
	for m := h.open[string(e.ID)]; m != nil; m = m.other {
		if m.instance == string(e.Instance()) {
			return m
		}
		if !h.queues[m.instance] {
			foreign = m
		}
	}
	return foreign
}

// begin takes up a message.
func (f *follower) begin(h *host, e *maillog.Event) {
	if !f.wanted(e.Login, e.Client) {
		f.Unauthenticated++
		return
	}
	for m := h.open[string(e.ID)]; m != nil; m = m.other {
		if m.instance == string(e.Instance()) {
			if m.begun.Equal(e.Time) && m.login == string(e.Login) {
				f.Twice++
				return
			}
			f.giveUp(m) // its id is used again, and its end is not in the log
			break
		}
	}
	m := &message{
		host: h, id: string(e.ID), instance: string(e.Instance()), login: string(e.Login), order: strings.ToLower(string(e.Login)), client: e.Client, begun: e.Time,
		session: h.sessions[string(e.Tag)], other: h.open[string(e.ID)],
	}
	h.open[m.id] = m
	m.place = f.open.PushBack(m)
	if m.session == nil {
		m.session = &session{mails: -1, rcptTos: -1}
		h.sessions[string(e.Tag)] = m.session
	}
	f.join(m)
}

// join adds a message to its session.
func (f *follower) join(m *message) {
	s := m.session
	before := s.last
	s.last, s.only = m, nil
	if s.messages++; s.messages == 1 {
		s.only = m
		return
	}
	switch {
	case before.place != nil && before.at.IsZero(): // its DATA was refused, or never came
		f.giveUp(before)
	case s.messages == 2:
		f.release(before.order)
	}
}

// proceed goes on with a message.
func (f *follower) proceed(m *message, e *maillog.Event) {
	switch e.Kind {
	case maillog.Header:
		f.enter(m, e.Time)
	case maillog.Rejected:
		m.rejected = true
		if !m.at.IsZero() && !m.queued { // at its end; after DATA, the client may go on
			f.giveUp(m)
		}
	case maillog.Queued:
		if m.queued {
			return
		}
		m.queued, m.rejected, m.from, m.recipients = true, false, string(e.From), e.Recipients
		f.enter(m, e.Time)
	case maillog.Delivered:
		m.deliver(e.To, e.Original)
	case maillog.Removed:
		f.close(m)
	default:
		return
	}
	f.release(m.order)
}
