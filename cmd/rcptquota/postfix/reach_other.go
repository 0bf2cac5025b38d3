//go:build !linux

package postfix

// asUser cannot become another user here.
func asUser(_, _, _ string, _ func() error) error { return errNotTried }
