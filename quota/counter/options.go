package counter

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// bulkTimeout is the least time for what no message waits for.
const bulkTimeout = time.Second

// options are those of the client that the configuration describes. A command
// that failed is repeated at once, within the deadline of its context: a
// reservation counts once however often it arrives.
func (c *Config) options() (*redis.UniversalOptions, error) {
	timeout := c.Timeout.Duration
	o := &redis.UniversalOptions{
		Addrs:                    c.Addresses,
		MasterName:               c.MasterName,
		ClientName:               "rcptquota",
		Protocol:                 2, // nothing is ever pushed to us
		DialTimeout:              timeout,
		DialerRetries:            1,
		ReadTimeout:              max(timeout, bulkTimeout),
		WriteTimeout:             max(timeout, bulkTimeout),
		PoolTimeout:              timeout,
		ContextTimeoutEnabled:    true,
		MaxRetries:               2,
		MinRetryBackoff:          time.Millisecond,
		MaxRetryBackoff:          timeout / 8,
		DisableIdentity:          true,
		PipelinePoolSize:         -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if c.TLS {
		config, err := tlsConfig(c.CAFile)
		if err != nil {
			return nil, err
		}
		o.TLSConfig = config
	}
	if c.PasswordFile != "" {
		// It is read for each connection, so that a new one needs no restart.
		o.CredentialsProviderContext = func(context.Context) (string, string, error) {
			password, err := readPassword(c.PasswordFile)
			return c.Username, password, err
		}
	}
	_, err := readPassword(c.PasswordFile)
	return o, err
}
