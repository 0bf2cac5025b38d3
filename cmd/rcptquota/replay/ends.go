package replay

import (
	"maps"
	"slices"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/maillog"
)

// enter puts a message into its sender's order, if it is not there yet.
func (f *follower) enter(m *message, at time.Time) {
	if m.at.IsZero() {
		m.at = at
		f.senders[m.order] = append(f.senders[m.order], m)
		if waiting := f.senders[m.order]; len(waiting) > maxWaiting {
			waiting[0].left = true
		}
	}
}

// release hands on the messages of a login that are complete, up to the first that is not.
func (f *follower) release(login string) {
	waiting := f.senders[login]
	n := 0
	for n < len(waiting) && waiting[n].complete() {
		if !waiting[n].dropped {
			f.done(waiting[n])
		}
		waiting[n] = nil
		n++
	}
	switch {
	case n == 0:
	case n == len(waiting):
		delete(f.senders, login)
	default:
		f.senders[login] = waiting[n:]
	}
}

// close forgets the queue id of a message.
func (f *follower) close(m *message) {
	if m.place == nil {
		return
	}
	f.open.Remove(m.place)
	m.place = nil
	if first := m.host.open[m.id]; first != m {
		for first.other != m {
			first = first.other
		}
		first.other = m.other
	} else if m.other != nil {
		m.host.open[m.id] = m.other
	} else {
		delete(m.host.open, m.id)
	}
}

// endSession ends the session of a process, if there is one.
func (f *follower) endSession(h *host, e *maillog.Event) {
	s := h.sessions[string(e.Tag)]
	if s == nil {
		return
	}
	delete(h.sessions, string(e.Tag))
	s.ended = true
	m := s.last
	if e.Kind == maillog.Disconnected {
		s.mails, s.rcptTos = e.Mails, e.RcptTos
	}
	if m.place != nil && m.at.IsZero() { // its DATA was refused, or never came
		f.giveUp(m)
		return
	}
	f.release(m.order)
}

// giveUp ends a message of which the log has said nothing more for too long.
func (f *follower) giveUp(m *message) {
	f.close(m)
	m.left = true
	if !m.queued {
		m.dropped = true
		if m.rejected {
			f.Rejected++
		} else {
			f.Unfinished++
		}
	}
	f.release(m.order)
}

// finish hands on what is left at the end of the log.
func (f *follower) finish() {
	for oldest := f.open.Front(); oldest != nil; oldest = f.open.Front() {
		f.giveUp(oldest.Value.(*message))
	}
	for _, login := range slices.Sorted(maps.Keys(f.senders)) { // those that wait for the end of their session
		for _, m := range f.senders[login] {
			m.left = true
		}
		f.release(login)
	}
}
