// Package endpoint connects to the Redis that the table [store] of the configuration
// names: a single server, the master that Sentinels know, or a Cluster. Behind a single
// address it finds out by itself whether there is a Cluster.
package endpoint
