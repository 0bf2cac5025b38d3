package milter

import "sync"

// With smtpd_proxy_filter (Postfix SMTPD_PROXY_README) Postfix shows a milter MAIL, RCPT,
// DATA and then an abort, and never a header or the end of a message. Every reservation
// would be released, so that no window ever fills. A single such message looks like one
// that the client gave up; many in a row do not.
const (
	// maxUnended is how many messages in a row, from several senders, may lack an end.
	maxUnended = 30
	// maxUnendedOfOne is the same where all are from one sender, who may be giving up one
	// message after another.
	maxUnendedOfOne = 100
)

// unendedRemedy tells the postmaster what to do, in the log record.
const unendedRemedy = `take smtpd_proxy_filter off this Postfix service, or move the milter to the service where the filter's mail comes back; ` +
	`where neither is possible, write count = "data" below this [[listen]]`

// ends watches whether the messages of one listener that passed at DATA reach their end.
// Several Postfix services may share a listener, and only one of them have a filter, so
// each is watched by itself, by its port.
type ends struct {
	address string

	mu    sync.Mutex
	rows  map[uint16]*unended // by port; no entry where the last message reached its end
	count uint64
}

// unended is a row of messages without an end.
type unended struct {
	n      int
	sender string // of the first
	others bool   // some are from another sender
	told   bool   // it is in the log
}

// seen is called for each message whose end was shown.
func (e *ends) seen(port uint16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.rows, port)
}

// missed is called for each message without an end. It returns the number of such
// messages in a row, once for a row, when it is long enough for the log; otherwise 0.
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

// total is the number of messages without an end.
func (e *ends) total() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.count
}
