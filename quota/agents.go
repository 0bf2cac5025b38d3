package quota

import (
	"slices"
	"strings"
)

// agent is a field that names who sent a message for its author (RFC 5322 section
// 3.6.2), or a field of the block of somebody who sent it on (section 3.6.6). Mail
// programs show them: "X on behalf of Y".
type agent struct {
	name, value string // the name as in agentFields
}

// agentFields are the names of these fields.
var agentFields = []string{
	"Resent-Bcc", "Resent-Cc", "Resent-Date", "Resent-From", "Resent-Message-Id", "Resent-Reply-To", "Resent-Sender", "Resent-To", "Sender",
}

// addAgent takes a field if it is one of these. Its name is in lower case.
func (h *Header) addAgent(name, value string) {
	for _, known := range agentFields {
		if strings.EqualFold(known, name) {
			h.agents = append(h.agents, agent{known, value})
		}
	}
}

// foreignAgents names the fields that name somebody else than the sender, and so
// have to go: Sender, or all of who sent the message on, since the rest of that
// block would be nobody's. They are removed, not refused: webmails and Exchange add
// them, and who writes could change nothing about it. What they would tell, the
// login has told better.
func (h *Header) foreignAgents(id identity) (names []string) {
	var sender, resent bool
	for _, a := range h.agents {
		switch a.name {
		case "Sender":
			sender = sender || id.fault(a.value) != NoFault
		case "Resent-From", "Resent-Sender":
			resent = resent || id.fault(a.value) != NoFault
		}
	}
	sender = sender || h.Count("Sender") > 1
	for _, name := range agentFields {
		if h.Count(name) > 0 && (name == "Sender" && sender || name != "Sender" && resent) {
			names = append(names, name)
		}
	}
	return slices.Clip(names)
}
