package replay

import (
	"context"
	"strings"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// FromLog is the directory of those who have none: a sender's addresses are the login, if
// it is one, and the envelope sender of the message. Nobody is premium, and no address is a
// list's.
type FromLog struct{ envelope string }

// Sender implements [quota.Directory].
func (d *FromLog) Sender(_ context.Context, login string) (quota.Sender, error) {
	s := quota.Sender{ID: strings.ToLower(login)}
	for _, address := range []string{login, d.envelope} {
		if strings.Contains(address, "@") {
			s.Addresses = append(s.Addresses, mailaddr.PersonKey(address))
		}
	}
	return s, nil
}

// Lists implements [quota.Directory].
func (d *FromLog) Lists(_ context.Context, addresses []string) []list.Answer {
	return make([]list.Answer, len(addresses))
}

// remembering is a directory that remembers its last answer.
type remembering struct {
	quota.Directory
	id string // of the sender asked about last, as windows name it; empty: not found
}

// Sender implements [quota.Directory].
func (d *remembering) Sender(ctx context.Context, login string) (quota.Sender, error) {
	s, err := d.Directory.Sender(ctx, login)
	if d.id = ""; err == nil {
		d.id = s.ID
	}
	return s, err
}
