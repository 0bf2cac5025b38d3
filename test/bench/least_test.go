//go:build servers && bench

package bench

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	gomilter "github.com/emersion/go-milter"

	"github.com/rcptquota/rcptquota/test/servers"
)

// leastSocket names, in the environment, the socket on which a process of this
// program is the least that a milter can be.
const leastSocket = "RCPTQUOTA_BENCH_LEAST"

// TestMain runs the tests, or the least milter.
func TestMain(m *testing.M) {
	if socket := os.Getenv(leastSocket); socket != "" {
		serveLeast(socket)
		return
	}
	os.Exit(m.Run())
}

// startLeast starts the least milter, whose ratio to no milter is what Postfix
// itself pays for having one at all, and returns its socket.
func startLeast(b *testing.B, _ string) string {
	b.Helper()
	socket := filepath.Join(servers.Scratch(b), "s.sock")
	b.Setenv(leastSocket, socket)
	listening(b, socket, os.Args[0])
	if err := os.Chmod(socket, 0o666); err != nil {
		b.Fatal(err)
	}
	return socket
}

func serveLeast(socket string) {
	ln, err := net.Listen("unix", socket)
	if err != nil {
		panic(err)
	}
	for {
		conn, err := ln.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			_ = answerLeast(conn)
			_ = conn.Close()
		}()
	}
}

// answerLeast asks for what rcptquota asks for, reads nothing of it, and
// continues where Postfix waits: at DATA and at the end of a message.
func answerLeast(conn net.Conn) error {
	const protocol = gomilter.OptNoHelo | gomilter.OptNoHeaders | gomilter.OptNoEOH | gomilter.OptNoBody | gomilter.OptNoUnknown |
		gomilter.OptNoConnReply | gomilter.OptNoMailReply | gomilter.OptNoRcptReply
	agreed := packet(gomilter.CodeOptNeg, "\x00\x00\x00\x06\x00\x00\x00\x00"+
		string(binary.BigEndian.AppendUint32(nil, uint32(protocol))))
	in := bufio.NewReader(conn)
	for {
		var head [5]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return err
		}
		if _, err := in.Discard(int(binary.BigEndian.Uint32(head[:])) - 1); err != nil {
			return err
		}
		answer := packet(gomilter.Code(gomilter.ActContinue), "")
		switch gomilter.Code(head[4]) {
		case gomilter.CodeData, gomilter.CodeEOB:
		case gomilter.CodeOptNeg:
			answer = agreed
		default:
			continue
		}
		if _, err := conn.Write(answer); err != nil {
			return err
		}
	}
}
