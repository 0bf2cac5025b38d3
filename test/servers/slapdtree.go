package servers

import "embed"

// slapdConfig is slapd.conf(5); $D is the scratch folder.
const slapdConfig = `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include $D/sdet.schema
include $D/supann.schema
include $D/ad.schema
pidfile $D/pid
TLSCACertificateFile $D/ca.pem
TLSCertificateFile $D/cert.pem
TLSCertificateKeyFile $D/key.pem
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload syncprov
database monitor
database mdb
suffix dc=ent,dc=test
rootdn cn=admin,dc=ent,dc=test
rootpw secret
directory $D/db
maxsize 67108864
index objectClass,ENTPersonLogin,uid,mail,member,entryUUID,entryCSN eq
access to * by * read
overlay memberof
overlay syncprov
`

// slapdSchemas are those of the directories of the field, one file each.
//
//go:embed schema
var slapdSchemas embed.FS

// slapdTree is what a new server holds.
const slapdTree = `dn: dc=ent,dc=test
objectClass: dcObject
objectClass: organization
dc: ent
o: ENT

dn: ou=people,dc=ent,dc=test
objectClass: organizationalUnit
ou: people

dn: ou=structures,dc=ent,dc=test
objectClass: organizationalUnit
ou: structures

dn: ou=groups,dc=ent,dc=test
objectClass: organizationalUnit
ou: groups

dn: ou=lists,dc=ent,dc=test
objectClass: organizationalUnit
ou: lists
`
