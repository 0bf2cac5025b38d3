package ldapcache

// presets are the defaults for the kinds of directories in the field.
var presets = map[string]Schema{
	// The French ENT: "Schéma directeur des espaces numériques de travail" (SDET)
	// version 6, "Annexe opérationnelle", annuaire ENT. Groups are those of
	// RFC 4519 section 3.5; they know no moderators.
	"sdet": {
		UserFilter:             "(&(objectClass=ENTPerson)(|(ENTPersonLogin=%u)(uid=%u)))",
		UserAddresses:          []string{"mail"},
		UserEstablishment:      []string{"ENTPersonStructRattach"},
		EstablishmentFilter:    "(&(objectClass=ENTEtablissement)(ENTStructureUAI=%e))",
		EstablishmentUAI:       []string{"ENTStructureUAI"},
		EstablishmentReference: []string{"ENTEtablissementStructRattachFctl"},
		GroupMembers:           []string{"member"},
		PremiumFilter:          "(&(objectClass=groupOfNames)(cn=premium_*))",
		PremiumMembers:         []string{"member"},
		ListFilter:             "(&(objectClass=groupOfNames)(mail=%a))",
		ListOwners:             []string{"owner"},
		ListModerators:         []string{},
		ListMembers:            []string{"member"},
	},
	// French higher education: SUPANN 2021 (https://services.renater.fr/documentation/supann/),
	// which has no reference establishments. Who administers a group owns its list.
	"supann": {
		UserFilter:             "(&(objectClass=supannPerson)(|(supannAliasLogin=%u)(uid=%u)))",
		UserAddresses:          []string{"mail"},
		UserEstablishment:      []string{"supannEtablissement"},
		EstablishmentFilter:    "(&(objectClass=supannOrg)(supannEtablissement=%e))",
		EstablishmentUAI:       []string{"supannEtablissement"},
		EstablishmentReference: []string{},
		GroupMembers:           []string{"member"},
		PremiumFilter:          "(&(objectClass=groupOfNames)(cn=premium_*))",
		PremiumMembers:         []string{"member"},
		ListFilter:             "(&(objectClass=supannGroupe)(mail=%a))",
		ListOwners:             []string{"supannGroupeAdminDN", "owner"},
		ListModerators:         []string{},
		ListMembers:            []string{"member"},
	},
	// Any other directory of persons as in RFC 2798, with the groups of RFC 4519
	// sections 3.5 and 3.6; the school is the organization, as free text or UAI.
	"inetorgperson": {
		UserFilter:             "(&(objectClass=inetOrgPerson)(uid=%u))",
		UserAddresses:          []string{"mail"},
		UserEstablishment:      []string{"o"},
		EstablishmentUAI:       []string{},
		EstablishmentReference: []string{},
		GroupMembers:           []string{"member", "uniqueMember"},
		PremiumFilter:          "(&(objectClass=groupOfNames)(cn=premium_*))",
		PremiumMembers:         []string{"member"},
		ListFilter:             "(&(objectClass=groupOfNames)(mail=%a))",
		ListOwners:             []string{"owner"},
		ListModerators:         []string{},
		ListMembers:            []string{"member"},
	},
	// Active Directory: Microsoft's [MS-ADA1] to [MS-ADA3] and [MS-ADSC]; the
	// moderators are those of Exchange, [MS-OXOABK]: who approves what is sent to a
	// group, and who alone may send to it. A computer is a user too, to AD.
	"ad": {
		UserFilter:             "(&(objectClass=user)(!(objectClass=computer))(|(sAMAccountName=%u)(userPrincipalName=%u)))",
		UserAddresses:          []string{"mail", "proxyAddresses"},
		UserEstablishment:      []string{"company"},
		EstablishmentUAI:       []string{},
		EstablishmentReference: []string{},
		GroupMembers:           []string{"member"},
		PremiumFilter:          "(&(objectClass=group)(cn=premium_*))",
		PremiumMembers:         []string{"member"},
		ListFilter:             "(&(objectClass=group)(|(mail=%a)(proxyAddresses=smtp:%a)))",
		ListOwners:             []string{"managedBy", "msExchCoManagedByLink"},
		ListModerators:         []string{"msExchModeratedByLink", "authOrig", "dLMemSubmitPerms"},
		ListMembers:            []string{"member"},
	},
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
