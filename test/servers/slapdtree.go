package servers

// slapdConfig is slapd.conf(5); $D is the scratch folder.
const slapdConfig = `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include $D/ent.schema
pidfile $D/pid
TLSCACertificateFile $D/ca.pem
TLSCertificateFile $D/cert.pem
TLSCertificateKeyFile $D/key.pem
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload syncprov
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

// slapdSchema has the part of SDET that rcptquota reads, under numbers of our
// own, and an auxiliary class for lists.
const slapdSchema = `attributetype ( 1.3.6.1.4.1.99999.1.1 NAME 'ENTPersonLogin'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.1.2 NAME 'ENTPersonStructRattach'
  SUP distinguishedName )
attributetype ( 1.3.6.1.4.1.99999.1.3 NAME 'ENTPersonProfils'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.99999.1.4 NAME 'ENTPersonAutresMails' SUP mail )
attributetype ( 1.3.6.1.4.1.99999.1.5 NAME 'ENTPersonMailDiffusion' SUP mail )
attributetype ( 1.3.6.1.4.1.99999.1.6 NAME 'ENTStructureUAI'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.1.7 NAME 'ENTEtablissementStructRattachFctl'
  SUP distinguishedName )
attributetype ( 1.3.6.1.4.1.99999.1.8 NAME 'rqModerator' SUP distinguishedName )
objectclass ( 1.3.6.1.4.1.99999.2.1 NAME 'ENTPerson' SUP inetOrgPerson STRUCTURAL
  MUST ENTPersonLogin
  MAY ( ENTPersonStructRattach $ ENTPersonProfils $ ENTPersonAutresMails $ ENTPersonMailDiffusion ) )
objectclass ( 1.3.6.1.4.1.99999.2.2 NAME 'ENTEtablissement' SUP organizationalUnit STRUCTURAL
  MUST ENTStructureUAI
  MAY ENTEtablissementStructRattachFctl )
objectclass ( 1.3.6.1.4.1.99999.2.3 NAME 'rqList' SUP top AUXILIARY
  MAY ( mail $ rqModerator ) )
`

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
