// Package credential reads the files of secrets and of authorities that a
// configuration names, for every client of a server alike: Redis, Sentinels, LDAP.
package credential
