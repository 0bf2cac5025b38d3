package milter

import "sync"

// On a service with smtpd_proxy_filter (Postfix SMTPD_PROXY_README), Postfix shows a
// milter MAIL, RCPT, DATA and then an abort, never the header or the end of a message.
// So what each message reserved is released, and no window ever fills. A single message
// looks the same as one that the client gave up; many in a row do not.
const (
	// maxUnended is after how many messages in a row without an end, from more than
	// one sender, an error is logged.
	maxUnended = 30
	// maxUnendedOfOne is the same when all are from one sender, who may just be giving
	// up one message after another.
	maxUnendedOfOne = 100
)

// unendedRemedy is what that error tells the postmaster to do.
const unendedRemedy = `take smtpd_proxy_filter off this Postfix service, or move the milter to the service where the filter's mail comes back; ` +
	`where neither is possible, write count = "data" below this [[listen]]`

// ends watches whether the messages of one listener that passed at DATA reach their
// end. Several Postfix services may share a listener, and only one of them may have a
// filter, so each is watched separately, by its port.
type ends struct {
	address string

	mu    sync.Mutex
	rows  map[uint16]*unended // by port; no entry if the last message had its end
	count uint64              // of messages without an end, since the start
}

// unended is a row of messages without an end.
type unended struct {
	n      int
	sender string // of the first
	others bool   // some are from another sender
	told   bool   // an error has been logged
}

// seen notes that a message reached its end.
func (e *ends) seen(port uint16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.rows, port)
}

// missed notes that a message did not reach its end. When that is to be logged, which
// is once for each row, it returns how many there were in the row; otherwise 0.
func (e *ends) missed(port uint16, sender string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.count++
	row := e.rows[port]
	if row == nil {
		if e.rows == nil {
			e.rows = make(map[uint16]*unended)
		}
		row = &unended{sender: sender}
		e.rows[port] = row
	}
	row.n++
	row.others = row.others || row.sender != sender
	if row.told || row.n < maxUnended || !row.others && row.n < maxUnendedOfOne {
		return 0
	}
	row.told = true
	return row.n
}

// total returns how many messages had no end since the start.
func (e *ends) total() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.count
}

// endsOf returns the ends of the listener with that address.
func (s *Server) endsOf(address string) *ends {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ends[address] == nil {
		s.ends[address] = &ends{address: address}
	}
	return s.ends[address]
}

// Unended returns how many messages of the listener with that address passed at DATA,
// and did not reach an end that Postfix showed us, since the start.
func (s *Server) Unended(address string) uint64 { return s.endsOf(address).total() }
