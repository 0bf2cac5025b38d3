//go:build !linux

package main

import "os"

// openStderr returns standard error for the log, as it is.
func openStderr() *os.File { return os.Stderr }
