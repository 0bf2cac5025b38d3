package replay

import (
	"container/list"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// message is what the log says of one message.
type message struct {
	host     *host
	id       string
	instance string
	login    string
	order    string // the login in lower case, by which its messages are kept in order
	client   netip.Addr
	from     string
	begun    time.Time
	at       time.Time // of the end of its header, soon after DATA; zero before
	session  *session

	queued     bool
	recipients int // in the queue, after aliases were expanded
	deliveries []delivery
	known      map[delivery]struct{} // the same, once there are many

	rejected bool // at DATA, or at its end
	left     bool // nothing more will come of it
	dropped  bool // it did not go

	place *list.Element // among the open messages; nil once it is not
	other *message      // of another instance, with the same queue id
}

// delivery is a recipient in the queue.
type delivery struct{ to, original string }

// session is an SMTP session.
type session struct {
	messages       int
	last           *message
	only           *message // its one message; nil once there were more
	ended          bool
	mails, rcptTos int // accepted commands; -1: the log does not say
}

// fewDeliveries is up to how many a list is searched faster than a map.
const fewDeliveries = 8

// deliver notes a recipient.
func (m *message) deliver(to, original []byte) {
	if m.known != nil {
		d := delivery{string(to), string(original)}
		if _, again := m.known[d]; !again {
			m.known[d] = struct{}{}
			m.deliveries = append(m.deliveries, d)
		}
		return
	}
	for _, d := range m.deliveries {
		if d.to == string(to) && d.original == string(original) {
			return
		}
	}
	m.deliveries = append(m.deliveries, delivery{string(to), string(original)})
	if len(m.deliveries) > fewDeliveries {
		m.known = map[delivery]struct{}{}
		for _, d := range m.deliveries {
			m.known[d] = struct{}{}
		}
	}
}

// complete reports whether the log will say no more about its recipients.
func (m *message) complete() bool {
	if m.dropped || m.left {
		return true
	}
	all := m.queued && (m.place == nil || len(m.deliveries) >= m.recipients)
	return all && (m.session == nil || m.session.ended || m.session.messages > 1)
}

// unknownDomain is that of recipients that the log does not name. It can be nobody's
// (RFC 6761).
const unknownDomain = "@not-in-the-log.invalid"

// bounds are what the recipients of a message may be. least is empty where none is certain:
// there is one, but it may be any that the sender reached before, and then counts for
// nothing more in a window.
type bounds struct {
	least, most quota.Recipients
	exact       bool
}

// bounds returns what the recipients are at least and at most; added are addresses that
// Postfix or another milter adds, in the form of [mailaddr.RecipientKey].
func (m *message) bounds(added map[string]bool) *bounds {
	b := &bounds{}
	for _, d := range m.deliveries {
		name := d.to
		if d.original != "" {
			name = d.original
		}
		if !added[mailaddr.RecipientKey(name)] {
			b.least.Add(name)
			b.most.Add(name)
		}
	}
	names := b.least.Len()
	most := names + max(0, m.recipients-len(m.deliveries))
	if s := m.session; s != nil && s.only == m && s.ended && s.rcptTos >= 0 {
		if most > s.rcptTos {
			names = 0 // some may have been added, and which is not known
			b.least = quota.Recipients{}
		}
		if s.mails == 1 {
			most = max(b.most.Len(), s.rcptTos)
		}
	}
	most = min(most, quota.MaxRecipients+1) // more than any limit
	for i := b.most.Len(); i < most; i++ {
		b.most.Add(fmt.Sprintf("%s-%d-%d%s", strings.ToLower(m.id), m.at.UnixMicro(), i, unknownDomain))
	}
	b.exact = names > 0 && b.least.Len() == b.most.Len()
	return b
}
