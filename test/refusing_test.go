//go:build servers

package test

import (
	"net"
	"testing"

	gomilter "github.com/emersion/go-milter"
)

// startRefusingMilter serves a milter that refuses every message at its end, and
// returns its address.
func startRefusingMilter(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &gomilter.Server{NewMilter: func() gomilter.Milter { return refusingMilter{} }}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = ln.Close() }) // server.Close races with Serve
	return ln.Addr().String()
}

type refusingMilter struct{ gomilter.NoOpMilter }

// Body refuses.
func (refusingMilter) Body(*gomilter.Modifier) (gomilter.Response, error) {
	return gomilter.NewResponseStr(byte(gomilter.ActReplyCode), "554 5.7.1 refused by a later milter"), nil
}
