//go:build !linux

package logging

import "os"

// OpenStderr returns standard error for the log, as it is.
func OpenStderr() *os.File { return os.Stderr }
