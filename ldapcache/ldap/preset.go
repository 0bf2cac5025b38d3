package ldap

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// presetFiles are the presets: a file each, with a value for every key of
// [Schema]. A file that is added here is a preset under its name.
//
//go:embed presets
var presetFiles embed.FS

// presets are the schemas of the kinds of directories that sites have, by name.
var presets = mustReadPresets()

// mustReadPresets reads files that are part of the program.
func mustReadPresets() map[string]Schema {
	all := map[string]Schema{}
	err := fs.WalkDir(presetFiles, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := presetFiles.ReadFile(path)
		if err != nil {
			return err
		}
		var schema Schema
		err = conf.Decode(path, data, &schema)
		all[strings.TrimSuffix(entry.Name(), ".toml")] = schema
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("the presets built in: %v", err))
	}
	return all
}

// withPreset returns the configuration with the preset's value for each key that
// the file leaves out. An empty list in the file is a value.
func (c Config) withPreset() Config {
	p := presets[c.Preset]
	filters := p.filters()
	for i, key := range c.filters() {
		if *key.value == "" {
			*key.value = *filters[i].value
		}
	}
	lists := p.attributes()
	for i, key := range c.attributes() {
		if *key.value == nil {
			*key.value = *lists[i].value
		}
	}
	return c
}

// Schema holds the filters and attributes of a kind of directory: the keys of the table
// [directory] for which a preset has defaults. Where attributes refer to persons, the
// package comment says how, under "References to persons".
type Schema struct {
	// UserFilter finds a sender's entry; "%u" stands for the login.
	UserFilter string `toml:"user_filter"`
	// UserAddresses are the attributes with professional addresses. Of AD's
	// proxyAddresses, those of the type SMTP count.
	UserAddresses []string `toml:"user_addresses"`
	// UserEstablishment are the attributes with the school: a UAI, also written
	// "{UAI}0310001A", the DN of the school's entry, or any other name. The first
	// that has a value counts.
	UserEstablishment []string `toml:"user_establishment"`

	// EstablishmentFilter finds a school's entry; "%e" stands for its UAI. Empty:
	// schools have no entries that could be found so.
	EstablishmentFilter string `toml:"establishment_filter"`
	// EstablishmentUAI are the attributes of a school's entry with its UAI.
	EstablishmentUAI []string `toml:"establishment_uai"`
	// EstablishmentReference are the attributes of a school's entry that name, by
	// UAI or DN, the reference establishment of its site (cité scolaire). Empty:
	// each school counts for itself.
	EstablishmentReference []string `toml:"establishment_reference"`

	// GroupMembers are the attributes with the members of a group, wherever a reference
	// to persons is a group.
	GroupMembers []string `toml:"group_members"`

	// PremiumFilter finds the groups whose members are designated.
	PremiumFilter string `toml:"premium_filter"`
	// PremiumMembers are the attributes of those groups that refer to their members:
	// persons, or schools. An empty list means that nobody is premium.
	PremiumMembers []string `toml:"premium_members"`

	// ListFilter finds a list's entry; "%a" stands for the list's address.
	ListFilter string `toml:"list_filter"`
	// ListOwners, ListModerators and ListMembers are the attributes of that entry
	// that refer to these persons. Empty: lists have none.
	ListOwners     []string `toml:"list_owners"`
	ListModerators []string `toml:"list_moderators"`
	ListMembers    []string `toml:"list_members"`
}

// filterKey is a key with a filter (RFC 4515).
type filterKey struct {
	name   string
	value  *string
	place  string // stands for what is looked for; empty: nothing does
	sample string // of such a filter
}

func (s *Schema) filters() []filterKey {
	return []filterKey{
		{"user_filter", &s.UserFilter, loginPlace, "(uid=%u)"},
		{"establishment_filter", &s.EstablishmentFilter, establishmentPlace, "(ENTStructureUAI=%e)"},
		{"premium_filter", &s.PremiumFilter, "", ""},
		{"list_filter", &s.ListFilter, addressPlace, "(mail=%a)"},
	}
}

// attributesKey is a key with the names of attributes.
type attributesKey struct {
	name  string
	value *[]string
}

func (s *Schema) attributes() []attributesKey {
	return []attributesKey{
		{"user_addresses", &s.UserAddresses},
		{"user_establishment", &s.UserEstablishment},
		{"establishment_uai", &s.EstablishmentUAI},
		{"establishment_reference", &s.EstablishmentReference},
		{"group_members", &s.GroupMembers},
		{"premium_members", &s.PremiumMembers},
		{"list_owners", &s.ListOwners},
		{"list_moderators", &s.ListModerators},
		{"list_members", &s.ListMembers},
	}
}
