package list

import (
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/quota/list/from"
)

// agent is a header field that names who sent a message for its author (RFC 5322
// section 3.6.2), or a field of the block that resending adds (section 3.6.6). Mail
// programs show them as "X on behalf of Y".
type agent struct {
	name, value string // the name as in agentFields
}

// agentFields are the names of such fields.
var agentFields = []string{
	"Resent-Bcc", "Resent-Cc", "Resent-Date", "Resent-From", "Resent-Message-Id", "Resent-Reply-To", "Resent-Sender", "Resent-To", "Sender",
}

// addAgent keeps a field if it is one of agentFields. The name is in lower case.
func (h *Header) addAgent(name, value string) {
	for _, known := range agentFields {
		if strings.EqualFold(known, name) {
			h.agents = append(h.agents, agent{known, value})
		}
	}
}

// foreignAgents returns the names of the fields to remove, because they name somebody
// other than the sender: Sender, or the whole Resent block, whose other fields mean
// nothing without it. The message is not refused, since webmails and Exchange add these
// fields and their users cannot change that. The login says better who sent it.
func (h *Header) foreignAgents(id from.Identity) (names []string) {
	var sender, resent bool
	for _, a := range h.agents {
		switch a.name {
		case "Sender":
			sender = sender || id.CheckField(a.value) != from.NoFault
		case "Resent-From", "Resent-Sender":
			resent = resent || id.CheckField(a.value) != from.NoFault
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
