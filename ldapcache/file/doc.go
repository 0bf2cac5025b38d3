// Package file is the directory in a small TOML file, for a site without LDAP: senders,
// establishments, designations and lists.
//
// A changed file is read again one second after its last change, since half of a TOML
// file may be a TOML file, too. Until then the content before answers. While the file
// has mistakes, that content answers about senders, marked as stale, and nothing is
// known of others. To be safe, write a new file and rename it to the old one.
package file
