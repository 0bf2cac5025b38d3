package ldap

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// presetFiles are the presets: a file each, with a value for every key of
// [Schema]. A file added to the folder presets is a preset under its
// name: no code names them.
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
	// UserFilter finds a sender's entry; "%u" stands for the login. Left out: the
	// preset's.
	UserFilter string `toml:"user_filter"`
	// UserAddresses are the attributes with the professional addresses, by their exact
	// name: subtypes, which hold private addresses, never count. Of proxyAddresses,
	// those of type SMTP count. Left out: the preset's.
	UserAddresses []string `toml:"user_addresses"`
	// UserEstablishment are the attributes with the school: a UAI ("0310001A" or
	// "{UAI}0310001A"), the DN of the school's entry, or any other name. The first
	// that has a value counts. Left out: the preset's.
	UserEstablishment []string `toml:"user_establishment"`

	// EstablishmentFilter finds a school's entry; "%e" stands for its UAI. Left
	// out: the preset's, which in some finds no school.
	EstablishmentFilter string `toml:"establishment_filter"`
	// EstablishmentUAI are the attributes of a school's entry with its UAI. Left out:
	// the preset's.
	EstablishmentUAI []string `toml:"establishment_uai"`
	// EstablishmentReference are the attributes of a school's entry that name, by
	// UAI or DN, the reference establishment of its site (cité scolaire). "[]": each
	// school counts for itself. Left out: the preset's.
	EstablishmentReference []string `toml:"establishment_reference"`

	// GroupMembers are the attributes with the members of a group, wherever a
	// reference to persons is a group. Left out: the preset's.
	GroupMembers []string `toml:"group_members"`

	// PremiumFilter finds the designation groups. Left out: the preset's.
	PremiumFilter string `toml:"premium_filter"`
	// PremiumMembers are the attributes of those groups that name persons or schools.
	// "[]": nobody is designated. Left out: the preset's.
	PremiumMembers []string `toml:"premium_members"`

	// ListFilter finds a list's entry; "%a" stands for its address. Left out: the
	// preset's.
	ListFilter string `toml:"list_filter"`
	// ListOwners are the attributes of that entry that name the owners. "[]": lists
	// have none. Left out: the preset's.
	ListOwners []string `toml:"list_owners"`
	// ListModerators are the attributes that name the moderators. "[]": lists have
	// none. Left out: the preset's.
	ListModerators []string `toml:"list_moderators"`
	// ListMembers are the attributes that name the members. "[]": lists have
	// none. Left out: the preset's.
	ListMembers []string `toml:"list_members"`
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
