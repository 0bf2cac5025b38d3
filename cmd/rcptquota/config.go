package main

import (
	"errors"
	"fmt"
	_ "time/tzdata" // for the calendar of the roster, on systems that have none

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter"
)

// config is the whole configuration file; each part is owned by its package.
type config struct {
	quota.Config
	// Hostname names this relay in the log; empty: nothing does.
	Hostname string `toml:"hostname"`
	// StateDir is the folder of the embedded store.
	StateDir  string                `toml:"state_dir"`
	Store     counter.Config        `toml:"store"`
	Listen    []milter.ListenConfig `toml:"listen"`
	Premium   premiumConfig         `toml:"premium"`
	Directory ldapcache.Config      `toml:"directory"`
	Replies   milter.RepliesConfig  `toml:"replies"`
	Log       logConfig             `toml:"log"`
	HTTP      httpConfig            `toml:"http"`

	rules *quota.Rules // compiled by Validate
}

// premiumConfig is the table [premium], whose keys have two owners: the class of
// premium senders is a rule, and who they are is the roster's.
type premiumConfig struct {
	quota.PremiumConfig
	roster.Config
}

// loadConfig reads the file at path. The error joins a line for each mistake,
// "file:line: key: what is wrong and what would be right".
func loadConfig(path string) (*config, error) {
	c := &config{
		Config:    quota.DefaultConfig(),
		StateDir:  "/var/lib/rcptquota",
		Store:     counter.DefaultConfig(),
		Premium:   premiumConfig{Config: roster.DefaultConfig()},
		Directory: ldapcache.DefaultConfig(),
		Replies:   milter.DefaultReplies(),
		Log:       defaultLog(),
	}
	if err := conf.Load(path, c); err != nil {
		return nil, err
	}
	c.Directory.CountMembers = c.rules.CountsMembers()
	if len(c.Listen) == 0 {
		c.Listen = milter.DefaultListen()
	}
	return c, nil
}

// Resolve implements [conf.Resolver]. It also gives the rules their part of
// [premium].
func (c *config) Resolve(dir string) {
	c.Directory.Resolve(dir)
	c.Store.Resolve(dir)
	c.Config.Premium = c.Premium.PremiumConfig
}

// Validate implements [conf.Validator]. It compiles the rules.
func (c *config) Validate() error {
	rules, err := quota.Compile(&c.Config)
	c.rules = rules
	return errors.Join(
		err,
		c.Store.Validate(),
		c.Premium.Validate(),
		c.validateListen(),
		c.Directory.Validate(),
		c.Replies.Validate(),
		c.Log.Validate(),
		c.HTTP.Validate(),
	)
}

func (c *config) validateListen() error {
	var errs []error
	first := map[string]int{}
	for i := range c.Listen {
		table := fmt.Sprintf("listen[%d]", i)
		errs = append(errs, conf.Under(table, c.Listen[i].Validate()))
		address := c.Listen[i].Address
		if j, taken := first[address]; taken {
			errs = append(errs, conf.Errorf(table+".address", "%q is the address of listen[%d] too; give each its own", address, j))
		} else {
			first[address] = i
		}
	}
	return errors.Join(errs...)
}
