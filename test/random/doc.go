// Package random gives tests their random numbers: other ones in each run, and the same
// ones again for who wants to see a failure twice.
//
// A run has one seed, which each test logs that asks for numbers. The environment
// variable RCPTQUOTA_TEST_SEED sets it:
//
//	RCPTQUOTA_TEST_SEED=123 go test -run TestGarbage ./milter
package random
