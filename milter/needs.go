package milter

import (
	gomilter "github.com/emersion/go-milter"

	"github.com/rcptquota/rcptquota/quota"
)

// macros are the macros that we use. They are asked for by name (SMFIF_SETSYMLIST), so
// that they come whatever milter_*_macros is set to, and no others do. The sender's
// address may cost Postfix a call of its address rewriting, and matters only where there
// may be lists.
func macros(needs Needs) map[gomilter.Stage][]string {
	ofMail := []string{macroLogin}
	if needs.Lists {
		ofMail = append(ofMail, macroSender)
	}
	return map[gomilter.Stage][]string{
		gomilter.StageConnect:  {macroPort},
		gomilter.StageHelo:     {},
		gomilter.StageMailFrom: ofMail,
		gomilter.StageRcptTo:   {macroRecipient},
		gomilter.StageData:     {macroQueueID},
		gomilter.StageEOM:      {macroQueueID},
	}
}

// Needs are what the rules need of the MTA beside the envelope. More than is needed costs
// each message time.
type Needs struct {
	// Lists: recipients may be lists. The header of messages to them is looked at, and
	// they may be changed at their end.
	Lists bool
	// Visible: the addresses that a message shows may be limited, for senders. Its header
	// is looked at.
	Visible bool
	// Holds: messages may be put on hold.
	Holds bool
}

// header reports whether the header may matter of messages that come in by a listener.
func (n Needs) header(l *listener) bool {
	return n.Lists || n.Visible && l.role == quota.Submission && !l.countsAtData
}

// unmet reports whether messages show less than these needs, on a connection of a listener
// that asked for other ones, because the rules were replaced meanwhile.
func (n Needs) unmet(asked Needs, l *listener) bool {
	return n.Lists && !asked.Lists || n.header(l) && !asked.header(l)
}

// protocol returns the events that the MTA need not send, and those for which it need not
// wait for a reply.
func protocol(l *listener, needs Needs) gomilter.OptProtocol {
	p := gomilter.OptNoHelo | gomilter.OptNoEOH | gomilter.OptNoBody |
		gomilter.OptNoUnknown | gomilter.OptNoConnReply | gomilter.OptNoMailReply
	if needs.header(l) {
		p |= gomilter.OptNoHeaderReply
	} else {
		p |= gomilter.OptNoHeaders
	}
	if l.role == quota.Inbound {
		return p | gomilter.OptNoData
	}
	return p | gomilter.OptNoRcptReply
}

// actions returns what we ask the MTA to allow.
func actions(needs Needs) gomilter.OptAction {
	a := gomilter.OptSetSymList
	if needs.Lists {
		a |= edits
	}
	if needs.Holds {
		a |= gomilter.OptQuarantine
	}
	return a
}
