package control

import (
	"net"
	"syscall"
)

// peerOf asks the kernel who connected (SO_PEERCRED, unix(7)).
func peerOf(conn net.Conn) Peer {
	nobody := Peer{UID: -1}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return nobody
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nobody
	}
	var credentials *syscall.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		credentials, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil || failed != nil {
		return nobody
	}
	return Peer{UID: int(credentials.Uid), PID: int(credentials.Pid)}
}
