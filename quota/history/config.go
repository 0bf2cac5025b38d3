package history

import (
	"errors"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
)

const (
	minKeep = time.Minute
	maxKeep = 10 * 366 * 24 * time.Hour
	// maxRecords bounds what a store of records takes: some 600 MB.
	maxRecords = 1_000_000
)

// Config is the table [history].
type Config struct {
	// Keep is how long decision records are kept. "0s" keeps none.
	Keep conf.Duration `toml:"keep"`
	// Records is the most decision records that are kept; the oldest make room for new
	// ones. In Redis, it is the most of all relays together.
	Records int `toml:"records"`
}

// DefaultConfig returns the configuration of an empty table.
func DefaultConfig() Config {
	return Config{Keep: conf.Duration{Duration: 30 * 24 * time.Hour}, Records: 100_000}
}

// KeepsRecords reports whether decision records are kept.
func (c *Config) KeepsRecords() bool { return c.Keep.Duration > 0 }

// Validate implements [conf.Validator].
func (c *Config) Validate() error {
	var errs []error
	if d := c.Keep.Duration; d != 0 && (d < minKeep || d > maxKeep) {
		errs = append(errs, conf.Errorf("history.keep", `%v is too short or too long; write how long decision records are kept, as in "720h", or "0s" for none`, d))
	}
	if c.Records < 1 || c.Records > maxRecords {
		errs = append(errs, conf.Errorf("history.records", "%d is no bound; write how many decision records are kept, from 1 to %d", c.Records, maxRecords))
	}
	return errors.Join(errs...)
}
