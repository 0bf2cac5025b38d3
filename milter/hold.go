package milter

import (
	"errors"
	"fmt"

	gomilter "github.com/emersion/go-milter"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

var errNoHold = errors.New("the MTA lets us put nothing on hold")

// hold puts the message on hold (SMFIR_QUARANTINE), at its end, if the verdict says so.
// After an error the connection ends, and the MTA defers the message.
func (s *session) hold(m *gomilter.Modifier, v *quota.Verdict) error {
	switch {
	case v.Action != quota.Hold:
		return nil
	case !s.wire.allows(gomilter.OptQuarantine):
		return errNoHold
	}
	return m.Quarantine(holdReason(v))
}

// holdReason tells an administrator why a message is on hold; Postfix logs it from 3.10 on.
func holdReason(v *quota.Verdict) string {
	return fmt.Sprintf("rcptquota: window of %s has %d of %d recipients, and this message %d",
		conf.Duration{Duration: v.Window.Per}, v.Used, v.Limit, v.Recipients)
}
