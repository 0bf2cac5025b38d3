// Package site makes up sites for tests: a configuration, a directory in a file, grants
// and messages, small enough that every rule decides about some of them.
package site
