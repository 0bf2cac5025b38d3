// Package servers starts the real servers that the whole-system tests need, on
// loopback, beside any others of the machine, and ends them with the test:
//
//   - [StartPostfix]: a Postfix instance with as many SMTP listeners as asked
//     for, each with its own milter and settings; accepted mail is discarded. Where
//     a listener wants logins, Dovecot's auth service lets any login in with any
//     password.
//   - [StartSlapd]: OpenLDAP with an ENT-like tree.
//   - [StartFakeLDAP]: no real one, for the faults that a real one cannot be made to have.
//   - [StartRedis]: Redis, also with TLS, behind Sentinels or as a Cluster of six.
//
// A server that is not installed fails the test and never skips it: a suite that
// skips in silence is believed to have run. Every server is a child of the test
// process, in a scratch folder of its own, and is ended by its process id: in
// t.Cleanup, or by the kernel when the test process dies first.
//
// Postfix wants root, since its daemons change to the user postfix.
//
// The package knows nothing of rcptquota.
package servers
