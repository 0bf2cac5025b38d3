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
	mail    *mailer
	webhook *webhook
}

// Open opens a valid configuration, on a relay of that name, which may be empty. With
// Redis, alerts are raised once over all relays. It asks no server.
func Open(config Config, relay string, store counter.Config) (*Settings, error) {
	s := &Settings{config: config, relay: relay, mail: newMailer(&config, relay), webhook: newWebhook(&config)}
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

// mailSender is the way out by mail, or nil.
func (s *Settings) mailSender() sender {
	if s.mail == nil {
		return nil
	}
	return s.mail
}

// webhookSender is the way out by the webhook, or nil.
func (s *Settings) webhookSender() sender {
	if s.webhook == nil {
		return nil
	}
	return s.webhook
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
