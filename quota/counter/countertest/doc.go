// Package countertest has the tests that every [quota.Counter] must pass, in this process
// and in Redis: it is imported by tests only.
package countertest
