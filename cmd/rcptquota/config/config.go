package config

import (
	"errors"
	"fmt"
	_ "time/tzdata" // for the calendar of the roster, on systems that have none

	"github.com/rcptquota/rcptquota/cmd/rcptquota/alert"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/logging"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/metrics"
	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/milter"
	"github.com/rcptquota/rcptquota/milter/reply"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/quota/history"
)

// DefaultStateDir is the state_dir of an empty file: that of systemd's StateDirectory=.
const DefaultStateDir = "/var/lib/rcptquota"

// Config is the whole configuration file; each part is owned by its package.
type Config struct {
	quota.Config
	// Hostname names this relay in each line of the log, as "relay", where the logs of
	// several come together. Left out: no name.
	Hostname string `toml:"hostname"`
	// StateDir is the folder of the embedded store, for windows, the premium roster,
	// decision records and grants; it is made if it is missing. With Redis, it is only for
	// what this relay counts alone while Redis is away, and for the control socket, if
	// [control] names no other.
	StateDir string `toml:"state_dir"`
	// Store is where the windows' counts are, if any class has windows, the premium
	// roster, decision records and grants.
	Store counter.Config `toml:"store"`
	// Listen are the sockets to which Postfix connects, any number of them. Left out:
	// one, "inet:127.0.0.1:8891", in role submission.
	Listen []milter.ListenConfig `toml:"listen"`
	// Premium is who is premium, and from when: see directory.md.
	Premium PremiumConfig `toml:"premium"`
	// Directory is where senders come from: see directory.md.
	Directory ldapcache.Config `toml:"directory"`
	// Replies are what users read. A text is in ASCII; "{limit}", "{recipients}",
	// "{contact}" and "{ref}" (the queue id) are filled in.
	Replies reply.Config `toml:"replies"`
	// Log is what is logged, and how.
	Log logging.Config `toml:"log"`
	// Alerts are what the administrator is told without asking: see operations.md.
	Alerts alert.Config `toml:"alerts"`
	// HTTP is for monitoring: see operations.md.
	HTTP metrics.Config `toml:"http"`
	// History is the decision records, from which a refusal is explained later: see
	// operations.md.
	History history.Config `toml:"history"`
	// Control is for the commands of a running rcptquota: see operations.md.
	Control control.Config `toml:"control"`

	rules *quota.Rules // compiled by Validate
}

// PremiumConfig is the table [premium], whose keys have two owners: the class of
// premium senders is a rule, and who they are is the roster's.
type PremiumConfig struct {
	quota.PremiumConfig
	roster.Config
}

// Load reads the file at path. The error joins a line for each mistake,
// "file:line: key: what is wrong and what would be right".
func Load(path string) (*Config, error) {
	c := &Config{
		Config:    quota.DefaultConfig(),
		StateDir:  DefaultStateDir,
		Store:     counter.DefaultConfig(),
		Premium:   PremiumConfig{Config: roster.DefaultConfig()},
		Directory: ldapcache.DefaultConfig(),
		Replies:   reply.DefaultConfig(),
		Log:       logging.Default(),
		Alerts:    alert.Default(),
		History:   history.DefaultConfig(),
	}
	if err := conf.Load(path, c); err != nil {
		return nil, err
	}
	c.Directory.CountMembers = c.rules.Lists().CountsMembers()
	if len(c.Listen) == 0 {
		c.Listen = milter.DefaultListen()
	}
	return c, nil
}

// Rules are the rules that the file configures.
func (c *Config) Rules() *quota.Rules { return c.rules }

// Resolve implements [conf.Resolver]. It also gives the rules their part of
// [premium].
func (c *Config) Resolve(dir string) {
	c.Directory.Resolve(dir)
	c.Store.Resolve(dir)
	c.Log.Resolve(dir)
	c.Config.Premium = c.Premium.PremiumConfig
}

// Validate implements [conf.Validator]. It compiles the rules.
func (c *Config) Validate() error {
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
		c.Alerts.Validate(),
		c.HTTP.Validate(),
		c.History.Validate(),
		c.Control.Validate(),
	)
}

func (c *Config) validateListen() error {
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
