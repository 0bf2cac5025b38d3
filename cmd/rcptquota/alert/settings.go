package alert

import (
	"context"
	"time"

	"github.com/rcptquota/rcptquota/quota/counter"
)

// Settings are a configuration of alerts, opened. They do not change; a reload replaces
// them.
type Settings struct {
	config  Config
	relay   string
	shared  *Redis // nil without Redis
	mail    sender // nil: nobody gets mail
	webhook sender // nil: there is none
}

// Open opens a valid configuration, on a relay of that name, which may be empty. With
// Redis, alerts are raised once over all relays. It asks no server.
func Open(config Config, relay string, store counter.Config) (*Settings, error) {
	s := &Settings{config: config, relay: relay}
	if len(config.MailTo) > 0 {
		s.mail = newMailer(&config, relay)
	}
	if config.Webhook != "" {
		s.webhook = newWebhook(config.Webhook)
	}
	if config.Enabled && store.IsRedis() {
		var err error
		if s.shared, err = openRedis(store); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Close ends the connections. It may be called with nil.
func (s *Settings) Close() error {
	if s == nil || s.shared == nil {
		return nil
	}
	return s.shared.Close()
}

// claim reports whether an alert that this relay has not raised is to be raised by it. If
// Redis cannot be asked, it is: rather twice than never.
func (s *Settings) claim(ctx context.Context, key string, once time.Duration) bool {
	if s.shared == nil {
		return true
	}
	mine, err := s.shared.Claim(ctx, key, once)
	return mine || err != nil
}
