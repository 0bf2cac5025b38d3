// Package soak tries the counters of rcptquota hard: processes of the built
// program, on unix sockets, under load from many milter connections at once,
// while they or their Redis are killed. Run it with "make soak"; it takes some
// minutes.
//
// # What proves it
//
// Beside the short windows under test, every class has one of an hour that is
// never full. So the store still holds at the end each message that was committed, with
// the moment of its decision on the store's own clock. The tests read that behind
// rcptquota's back, pair it one to one with what the connections were told, and
// add up every period of it: no figure rests on the test's own clock.
package soak
