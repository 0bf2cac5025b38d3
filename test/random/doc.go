// Package random gives tests their random numbers: different in each run, and repeatable
// for anyone who needs to see a failure again.
//
// A run has one seed, which each test logs that asks for numbers. The environment
// variable RCPTQUOTA_TEST_SEED sets it:
//
//	RCPTQUOTA_TEST_SEED=123 go test -run TestGarbage ./milter
package random
