package milter

import "sync"

// Behind smtpd_proxy_filter (Postfix SMTPD_PROXY_README) Postfix shows a milter
// MAIL, RCPT, DATA and then an abort, never a header or the end of a message: what
// a message reserved is given back, and its sender has no window. From one message
// alone that cannot be told from one that the client gave up; from many in a row
// it can.
const (
	// maxUnended is how many messages in a row, of more than one sender, may lack an
	// end.
	maxUnended = 30
	// maxUnendedOfOne is the same where all are of one sender, who may just be giving
	// up one message after another.
	maxUnendedOfOne = 100
)

// unendedRemedy tells the postmaster what to do, in the one record.
const unendedRemedy = `take smtpd_proxy_filter off this Postfix service, or move the milter to the service where the filter's mail comes back; ` +
	`where neither is possible, write count = "data" below this [[listen]]`

// ends watches whether the messages of one listener that were let go at DATA reach
// their end. Several Postfix services may share a listener, and only one of them
// have a filter: each, by its port, is watched for itself.
type ends struct {
	address string

	mu    sync.Mutex
	rows  map[uint16]*unended // by port; none where the last message had its end
	count uint64
}

// unended are messages without an end, one after the other.
type unended struct {
	n      int
	sender string // of the first
	others bool   // some are of another
	told   bool
}

// seen is told of each message whose end was shown.
func (e *ends) seen(port uint16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.rows, port)
}

// missed is told of each message without an end, and returns how many there were in
// a row when it is time to tell that, once; otherwise 0.
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

// total is how many messages had no end.
func (e *ends) total() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.count
}
