package roster

import (
	"errors"
	"fmt"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// The values of activation.
const (
	activationWeekly    = "weekly"
	activationImmediate = "immediate"
)

// MaxPerEstablishment is the most premium senders that a configuration may grant
// each establishment.
const MaxPerEstablishment = 300

// Config is the roster's part of the table [premium] of the configuration file.
type Config struct {
	// PerEstablishment is the most premium senders of one establishment, from 1 to 300
	// ([MaxPerEstablishment]).
	PerEstablishment int `toml:"per_establishment"`
	// Activation is "weekly" (designations take effect by the calendar of the other
	// keys) or "immediate" (each relay copies them every "ttl").
	Activation string `toml:"activation"`
	// TakesEffect is when the roster that was copied takes effect: a day in English
	// and a time, with seconds or without.
	TakesEffect Moment `toml:"takes_effect"`
	// Cutoff is when the roster is copied; what is entered later waits a week.
	Cutoff Moment `toml:"cutoff"`
	// Timezone is the time zone of both, by its name in the IANA database.
	Timezone string `toml:"timezone"`
}

// DefaultConfig returns the configuration of an empty table: changes take effect
// on Wednesdays at 10:00 from what was entered up to the eve at 00:00.
func DefaultConfig() Config {
	return Config{
		PerEstablishment: 3,
		Activation:       activationWeekly,
		TakesEffect:      Moment{Day: time.Wednesday, Hour: 10},
		Cutoff:           Moment{Day: time.Tuesday},
		Timezone:         "Europe/Paris",
	}
}

// Weekly reports whether the calendar is on, and so whether a [Store] is needed.
func (c *Config) Weekly() bool { return c.Activation == activationWeekly }

// Summary tells in one line when designations take effect.
func (c *Config) Summary() string {
	text := fmt.Sprintf("premium senders: at most %d an establishment; ", c.PerEstablishment)
	if !c.Weekly() {
		return text + "in effect at once"
	}
	return text + fmt.Sprintf("entered before %s, in effect from %s (%s)", c.Cutoff, c.TakesEffect, c.Timezone)
}

// Validate returns all mistakes, with keys from the top of the configuration
// file; see [conf.Validator].
func (c *Config) Validate() error {
	var errs []error
	if c.PerEstablishment < 1 || c.PerEstablishment > MaxPerEstablishment {
		errs = append(errs, conf.Errorf("per_establishment", "%d is out of range; write how many premium senders an establishment may have, from 1 to %d",
			c.PerEstablishment, MaxPerEstablishment))
	}
	if c.Activation != activationWeekly && c.Activation != activationImmediate {
		errs = append(errs, conf.Errorf("activation", "%q is not known; write %q or %q", c.Activation, activationWeekly, activationImmediate))
	}
	if _, err := c.Calendar(); err != nil {
		errs = append(errs, conf.Errorf("timezone", "%v; write it as in \"Europe/Paris\"", err))
	}
	return conf.Under("premium", errors.Join(errs...))
}

// Calendar returns the calendar. The error is about the time zone.
func (c *Config) Calendar() (Calendar, error) {
	if c.Timezone == "" {
		return Calendar{}, errors.New("missing")
	}
	location, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return Calendar{}, err
	}
	return Calendar{cutoff: c.Cutoff, effect: c.TakesEffect, location: location}, nil
}
