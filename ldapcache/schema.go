package ldapcache

// Schema tells how a kind of directory names what is asked of it: the keys of
// the table [directory] that a preset has defaults for. What is said to name
// persons does so in any of the ways of the package's text, "Who is meant".
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

	// GroupMembers are the attributes with the members of a group, wherever a
	// group is named in the place of persons.
	GroupMembers []string `toml:"group_members"`

	// PremiumFilter finds the groups whose members are designated.
	PremiumFilter string `toml:"premium_filter"`
	// PremiumMembers are the attributes of those groups that name their members:
	// persons, or schools. An empty list means that nobody is premium.
	PremiumMembers []string `toml:"premium_members"`

	// ListFilter finds a list's entry; "%a" stands for the list's address.
	ListFilter string `toml:"list_filter"`
	// ListOwners, ListModerators and ListMembers are the attributes of that entry
	// that name these persons. Empty: it has none.
	ListOwners     []string `toml:"list_owners"`
	ListModerators []string `toml:"list_moderators"`
	ListMembers    []string `toml:"list_members"`
}

// filterKey is a key with a filter (RFC 4515).
type filterKey struct {
	name   string
	value  *string
	place  string // what it must have in it; empty: nothing
	sample string // how it is written, with the place
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
