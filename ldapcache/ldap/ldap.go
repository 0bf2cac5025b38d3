package ldap

import (
	"fmt"

	goldap "github.com/go-ldap/ldap/v3"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/rcptquota/rcptquota/ldapcache/ldap/failover"
)

// Directory asks LDAP servers. It remembers no answer, except what the entries of
// schools said. It is used by many goroutines at once.
type Directory struct {
	config     Config // with its preset
	base       *goldap.DN
	ignored    []*goldap.DN // there is nobody where references lead to these
	client     *failover.Client
	schools    *lru.Cache[string, cachedEstablishment]
	attributes []string // that classes match on, in lower case

	// The filters of the configuration. What matches anyValue of the first is a person.
	userFilter, establishmentFilter, premiumFilter, listFilter template

	ofPersons []string // attributes asked of persons
	ofSenders []string // the same, and those that classes match on
	ofOthers  []string // attributes asked of groups and schools
	ofLists   []string // attributes asked of lists
	ofListed  []string // those among them that name managers and members
}

// Open returns the directory of a valid configuration. The attributes, in lower case,
// are those that classes match on. It asks no server.
func Open(config Config, attributes []string) (*Directory, error) {
	client, err := failover.New(config.Config)
	if err != nil {
		return nil, err
	}
	config = config.withPreset()
	base, err := goldap.ParseDN(config.Base)
	if err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	ignored, err := parseEach(config.IgnoreReferences)
	if err != nil {
		return nil, fmt.Errorf("ignore_references: %w", err)
	}
	d := &Directory{
		config:     config,
		base:       base,
		ignored:    ignored,
		client:     client,
		schools:    newSchools(),
		attributes: attributes,
		ofOthers:   once(config.GroupMembers, config.EstablishmentUAI, config.EstablishmentReference),
	}
	for i, filter := range []*template{&d.userFilter, &d.establishmentFilter, &d.premiumFilter, &d.listFilter} {
		if *filter, err = config.filters()[i].parse(); err != nil {
			return nil, err
		}
	}
	d.ofPersons = once(config.UserAddresses, config.UserEstablishment, d.userFilter.attributes)
	d.ofSenders = once(d.ofPersons, attributes)
	d.ofLists = once(d.listFilter.attributes, config.ListOwners, config.ListModerators)
	if config.CountMembers {
		d.ofLists = once(d.ofLists, config.ListMembers)
	}
	d.ofListed = d.ofLists[len(d.listFilter.attributes):]
	return d, nil
}

// openSlow opens the same directory for what no message waits for: with connections of
// its own, longer timeouts, and the members of lists.
func (d *Directory) openSlow() (*Directory, error) {
	config := d.config
	config.Timeout.Duration = slowTimeout
	config.CountMembers = true
	return Open(config, nil)
}

// Close closes the connection. Look-ups that still run fail at once.
func (d *Directory) Close() { d.client.Close() }

// Servers tells the state of each server, in the order of the configuration.
func (d *Directory) Servers() []failover.ServerStats { return d.client.Servers() }
