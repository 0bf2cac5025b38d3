package ldapcache

// preset is what a kind of directory has in common at all its sites: the
// defaults of the keys of the same names.
type preset struct {
	userFilter        string
	userAddresses     []string
	userEstablishment []string
	premiumFilter     string
	premiumMembers    []string
}

var presets = map[string]preset{
	// The French ENT: SDET, annexe 4 "annuaire".
	"sdet": {
		userFilter:        "(&(objectClass=ENTPerson)(|(ENTPersonLogin=%u)(uid=%u)))",
		userAddresses:     []string{"mail"},
		userEstablishment: []string{"ENTPersonStructRattach"},
		premiumFilter:     "(&(objectClass=groupOfNames)(cn=premium_*))",
		premiumMembers:    []string{"member"},
	},
}

// withPreset returns the configuration with the preset's value for each key that
// the file leaves out. An empty list in the file is a value.
func (c Config) withPreset() Config {
	p := presets[c.Preset]
	for _, key := range []struct {
		value *string
		or    string
	}{
		{&c.UserFilter, p.userFilter},
		{&c.PremiumFilter, p.premiumFilter},
	} {
		if *key.value == "" {
			*key.value = key.or
		}
	}
	for _, key := range []struct {
		value *[]string
		or    []string
	}{
		{&c.UserAddresses, p.userAddresses},
		{&c.UserEstablishment, p.userEstablishment},
		{&c.PremiumMembers, p.premiumMembers},
	} {
		if *key.value == nil {
			*key.value = key.or
		}
	}
	return c
}
