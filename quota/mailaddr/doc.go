// Package mailaddr compares mail addresses (RFC 5321 section 4.1.2): the forms in which
// those of recipients and lists, of people, and their domains are the same. It tells
// nothing about who may write where.
package mailaddr
