// Package logging writes the log so that mail never waits for it: whatever reads the log
// may end or hang, and a disk may be full.
package logging
