// Package logging writes the log so that mail never waits for it: whatever reads the log
// may end or hang, and a disk may be full.
//
// [Config] is the table [log]. [Queue] stands before whatever is written to, which may be a
// file; a reload replaces the configuration.
package logging
