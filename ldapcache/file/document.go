package file

import (
	"errors"
	"fmt"
	"strings"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/ldapcache/spelling"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// document is the TOML form of a directory in a file.
type document struct {
	Senders        []senderTable        `toml:"sender"`
	Establishments []establishmentTable `toml:"establishment"`
	Premium        []premiumTable       `toml:"premium"`
	Lists          []listTable          `toml:"list"`
}

// senderTable is a table [[sender]].
type senderTable struct {
	Login         string              `toml:"login"`
	Addresses     []string            `toml:"addresses"`
	Establishment string              `toml:"establishment"`
	Attributes    map[string][]string `toml:"attributes"`
}

// establishmentTable is a table [[establishment]]: a school that shares the
// reference establishment of its site.
type establishmentTable struct {
	UAI       string `toml:"uai"`
	Reference string `toml:"reference"`
}

// premiumTable is a table [[premium]]: the senders that one school designated.
type premiumTable struct {
	Establishment string   `toml:"establishment"`
	Logins        []string `toml:"logins"`
}

// listTable is a table [[list]].
type listTable struct {
	Address    string   `toml:"address"`
	Owners     []string `toml:"owners"`     // logins
	Moderators []string `toml:"moderators"` // logins
	Members    int      `toml:"members"`    // how many
}

// senders returns the senders by login, as spelling.Login writes it.
func (d *document) senders() map[string]quota.Sender {
	senders := make(map[string]quota.Sender, len(d.Senders))
	for _, table := range d.Senders {
		login, _ := spelling.Login(table.Login)
		sender := quota.Sender{ID: login, Establishment: spelling.School(table.Establishment)}
		for _, address := range table.Addresses {
			sender.Addresses = append(sender.Addresses, mailaddr.PersonKey(address))
		}
		if len(table.Attributes) > 0 {
			sender.Attributes = make(map[string][]string, len(table.Attributes))
			for name, values := range table.Attributes {
				sender.Attributes[strings.ToLower(name)] = values
			}
		}
		senders[login] = sender
	}
	return senders
}

// designations returns the designated senders, each under the reference of the
// establishment whose table has the sender.
func (d *document) designations() []roster.Designation {
	references := make(map[string]string, len(d.Establishments))
	for _, table := range d.Establishments {
		references[strings.ToLower(spelling.School(table.UAI))] = table.Reference
	}
	var all []roster.Designation
	for _, table := range d.Premium {
		establishment := spelling.School(table.Establishment)
		if reference, has := references[strings.ToLower(establishment)]; has {
			establishment = spelling.School(reference)
		}
		for _, name := range table.Logins {
			login, _ := spelling.Login(name)
			all = append(all, roster.Designation{Establishment: establishment, Sender: login, Login: login})
		}
	}
	return all
}

// lists returns the lists by the keys of their addresses.
func (d *document) lists(senders map[string]quota.Sender) map[string]*list.List {
	lists := make(map[string]*list.List, len(d.Lists))
	for _, table := range d.Lists {
		lists[mailaddr.RecipientKey(table.Address)] = &list.List{
			Owners:     persons(senders, table.Owners),
			Moderators: persons(senders, table.Moderators),
			Moderated:  len(table.Moderators) > 0,
			Members:    table.Members,
		}
	}
	return lists
}

// persons are the senders of those logins.
func persons(senders map[string]quota.Sender, logins []string) []list.Person {
	var all []list.Person
	for _, name := range logins {
		login, _ := spelling.Login(name)
		sender := senders[login]
		all = append(all, list.Person{ID: sender.ID, Addresses: sender.Addresses})
	}
	return all
}

// Validate implements [conf.Validator].
func (d *document) Validate() error {
	logins, err := d.validateSenders()
	errs := []error{err, d.validateEstablishments()}
	for i, table := range d.Premium {
		key := fmt.Sprintf("premium[%d]", i)
		errs = append(errs,
			required(key+".establishment", table.Establishment),
			logins.contain(key+".logins", table.Logins))
		if len(table.Logins) == 0 {
			errs = append(errs, conf.Errorf(key+".logins", "missing; list the logins that the establishment designated"))
		}
	}
	addresses := unique{}
	for i, table := range d.Lists {
		key := fmt.Sprintf("list[%d]", i)
		errs = append(errs,
			validateAddress(key+".address", table.Address),
			addresses.addAs(key+".address", table.Address, mailaddr.RecipientKey(table.Address)),
			logins.contain(key+".owners", table.Owners),
			logins.contain(key+".moderators", table.Moderators))
		if table.Members < 0 {
			errs = append(errs, conf.Errorf(key+".members", "%d is not a number of members", table.Members))
		}
	}
	return errors.Join(errs...)
}

func (d *document) validateSenders() (unique, error) {
	logins := unique{}
	var errs []error
	for i, table := range d.Senders {
		key := fmt.Sprintf("sender[%d]", i)
		if _, ok := spelling.Login(table.Login); !ok {
			errs = append(errs, conf.Errorf(key+".login", "missing or not a login; write the name that the sender logs in with"))
		} else {
			errs = append(errs, logins.add(key+".login", table.Login))
		}
		for _, address := range table.Addresses {
			errs = append(errs, validateAddress(key+".addresses", address))
		}
		names := unique{}
		for name := range table.Attributes {
			errs = append(errs, names.add(key+".attributes", name))
		}
	}
	return logins, errors.Join(errs...)
}

func (d *document) validateEstablishments() error {
	uais := unique{}
	var errs []error
	for i, table := range d.Establishments {
		key := fmt.Sprintf("establishment[%d]", i)
		errs = append(errs,
			required(key+".uai", table.UAI),
			uais.add(key+".uai", spelling.School(table.UAI)),
			required(key+".reference", table.Reference))
	}
	return errors.Join(errs...)
}

// unique is a set of names, which are compared without regard to case.
type unique map[string]struct{}

func (u unique) add(key, name string) error { return u.addAs(key, name, strings.ToLower(name)) }

// addAs adds a name in the spelling under which it is compared.
func (u unique) addAs(key, name, spelling string) error {
	if _, twice := u[spelling]; twice && name != "" {
		return conf.Errorf(key, "%q is in the file already; write it once", name)
	}
	u[spelling] = struct{}{}
	return nil
}

// contain returns a mistake for each name that is not a sender's login.
func (u unique) contain(key string, names []string) error {
	var errs []error
	for _, name := range names {
		if _, ok := u[strings.ToLower(name)]; !ok {
			errs = append(errs, conf.Errorf(key, "no [[sender]] has the login %q", name))
		}
	}
	return errors.Join(errs...)
}

func required(key, value string) error {
	if strings.TrimSpace(value) == "" {
		return conf.Errorf(key, "missing")
	}
	return nil
}

func validateAddress(key, address string) error {
	if !spelling.IsAddress(address) {
		return conf.Errorf(key, "%q is not an address; write it as in \"name@example.org\"", address)
	}
	return nil
}
