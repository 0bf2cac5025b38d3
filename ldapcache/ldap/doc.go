// Package ldap is the directory in LDAP (RFC 4511): it finds senders, lists, schools
// and designations. [Verify] tries a configuration on its servers, and [Directory.Copies]
// tells to whom Postfix would send copies of a post.
//
// # From a login to a sender
//
// A SASL login is put, escaped, into a search filter (RFC 4515) in the place of "%u".
// Exactly one entry must match: none is [quota.ErrAbsent], several are
// [quota.ErrAmbiguous], and every other outcome means that nothing is known. That goes
// for a server, too, that finds no entry but refers to other servers (RFC 4511 section
// 4.5.3). We do not ask those, so the server must hold all of base. Only the partitions
// of its own to which Active Directory always refers, and the DNs of ignore_references,
// hold nobody.
//
// The professional addresses come from the configured attributes alone. A server
// answers a request for an attribute with its subtypes, too (RFC 4511 section 4.5.1.8),
// and in the French ENT (SDET, "schéma directeur des espaces numériques de travail")
// the private addresses ENTPersonAutresMails and ENTPersonMailDiffusion are subtypes of
// mail; those must never count.
//
// A sender is designated when a designation group has as its member the sender's entry,
// or the entry of the sender's school. That is asked for all senders together, from the
// groups, so that the server needs no memberOf overlay. Package roster decides who is
// premium.
//
// # Presets
//
// The attributes and filters of the directories that sites have are in the folder presets,
// a file each. A new preset needs
//
//   - a file there, with all keys of [Schema], and its name in the comment of Config;
//   - a site's example in deploy/postfix/presets, with one of the bases in field_test.go;
//   - entries in testdata, with a case in field_test.go; for new object classes a schema in
//     test/servers/schema, which slapdtree.go there includes;
//   - new attributes of members and owners in deploy/postfix/lists-members.cf and
//     lists-owners.cf;
//   - its section in deploy/postfix/directory.md, and "go generate ./cmd/rcptquota".
//
// # References to persons
//
// Directories refer to persons in many ways, in the attributes that [Schema] names: by
// DN, by professional address, by login, by an LDAP URL (RFC 4516) or a mailto URL (RFC
// 6068), or by a group. A group stands for its members; a group among them is not
// followed. A reference resolves to a person only if user_filter finds the person's
// entry for some login. So managers of lists and designated senders have the same ID as
// the sender who logs in, [quota.Sender.ID]. Entries outside base are not asked for, nor
// is any server that a URL names. A reference that does not resolve is still a
// reference: a list whose moderator left has a moderator.
//
// # Schools
//
// A school is written as its UAI ("unité administrative immatriculée", seven digits and
// a letter), with SUPANN's label, or as the DN of its entry, which has the UAI. In any
// case, a sender has the UAI. The entry names the reference establishment where several
// schools share a site (cité scolaire); designations count there. A school's entry is
// remembered for an hour, so that a sender costs one search, the first of a school
// perhaps two.
package ldap
