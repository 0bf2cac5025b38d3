package control

import (
	"context"
	"net"
	"os/user"
	"strconv"
)

// Peer is the process that asks.
type Peer struct {
	// UID is the number of its user; -1 where the system does not tell.
	UID int
	// PID is its number; 0 where the system does not tell.
	PID int
}

type peerKey struct{}

// withPeer gives a connection's requests their [Peer].
func withPeer(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, peerOf(conn))
}

// PeerOf returns who sent the request of ctx.
func PeerOf(ctx context.Context) Peer {
	if p, ok := ctx.Value(peerKey{}).(Peer); ok {
		return p
	}
	return Peer{UID: -1}
}

// User is the name of the peer's user, for the log; its number where it has no name.
func (p Peer) User() string {
	if p.UID < 0 {
		return "unknown"
	}
	number := strconv.Itoa(p.UID)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}
