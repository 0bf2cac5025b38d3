package pitfall

import (
	"fmt"
	"strconv"
)

// leastOvershoot is Postfix's own smtpd_recipient_overshoot_limit.
const leastOvershoot = 1000

func recipientLimit(c *situation) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		limit, err := strconv.Atoi(a.Values["smtpd_recipient_limit"])
		if a.socket.IsInbound() || err != nil || limit > c.wanted.HighestLimit {
			return nil
		}
		return one(fmt.Sprintf("smtpd_recipient_limit is %d, not above the %d that a class allows: Postfix answers 452 to the recipients beyond, and the client sends them in a second message",
			limit, c.wanted.HighestLimit), c.set(a.Service, "smtpd_recipient_limit", strconv.Itoa(c.roomyLimit())))
	})
}

// roomyLimit leaves room for addresses written twice, and for exempt recipients.
func (c *situation) roomyLimit() int {
	return c.wanted.HighestLimit + max(c.wanted.HighestLimit/5, 100)
}

func recipientOvershoot(c *situation) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		overshoot, err := strconv.Atoi(a.Values["smtpd_recipient_overshoot_limit"])
		if a.socket.IsInbound() || err != nil || overshoot >= leastOvershoot {
			return nil
		}
		return one(fmt.Sprintf("smtpd_recipient_overshoot_limit is %d: Postfix hangs up (421) on a message with so many recipients more than smtpd_recipient_limit, before rcptquota can refuse it, and the client tries again for days",
			overshoot), c.set(a.Service, "smtpd_recipient_overshoot_limit", strconv.Itoa(leastOvershoot)))
	})
}
