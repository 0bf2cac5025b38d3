package endpoint

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/conf/credential"
)

// BulkTimeout is the least time for what no message waits for.
const BulkTimeout = time.Second

// Client makes a client of the Redis that a valid configuration describes, without
// asking any server. Behind a single address there may be one server or a Cluster; the
// client finds out which. The caller closes it. The error is about a file that the
// configuration names.
func (c *Config) Client() (redis.UniversalClient, error) {
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	if c.MasterName == "" && len(c.Addresses) == 1 {
		return newEndpoint(options), nil
	}
	return redis.NewUniversalClient(options), nil
}

// options are those of the client that the configuration describes. A command
// that failed is repeated at once, within the deadline of its context: a
// reservation counts once however often it arrives. The error is about a file.
func (c *Config) options() (*redis.UniversalOptions, error) {
	timeout := c.Timeout.Duration
	o := &redis.UniversalOptions{
		Addrs:                    c.Addresses,
		MasterName:               c.MasterName,
		ClientName:               "rcptquota",
		Protocol:                 2, // nothing is ever pushed to us
		DialTimeout:              timeout,
		DialerRetries:            1,
		ReadTimeout:              max(timeout, BulkTimeout),
		WriteTimeout:             max(timeout, BulkTimeout),
		PoolTimeout:              timeout,
		ContextTimeoutEnabled:    true,
		MaxRetries:               2,
		MinRetryBackoff:          time.Millisecond,
		MaxRetryBackoff:          timeout / 8,
		DisableIdentity:          true,
		PipelinePoolSize:         -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	var err error
	if c.TLS {
		if o.TLSConfig, err = credential.TLS(c.CAFile); err != nil {
			return nil, conf.Errorf("store.ca_file", "%v", err)
		}
	}
	if c.PasswordFile != "" {
		// It is read for each connection, so that a new one needs no restart.
		o.CredentialsProviderContext = func(context.Context) (string, string, error) {
			password, err := credential.ReadPassword(c.PasswordFile)
			if err != nil {
				err = conf.Errorf("store.password_file", "%v", err)
			}
			return c.Username, password, err
		}
	}
	o.SentinelUsername = c.SentinelUsername
	if c.SentinelPasswordFile != "" {
		if o.SentinelPassword, err = credential.ReadPassword(c.SentinelPasswordFile); err != nil { // the library takes no other way
			return nil, conf.Errorf("store.sentinel_password_file", "%v", err)
		}
	}
	return o, nil
}
