package servers

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
)

// FakeLDAP is an LDAP server with the faults that a real one cannot be made to have.
type FakeLDAP struct {
	// Read answers the reading of one entry; nil: nothing is there.
	Read func(attributes []string) Reply
	// Connections is how many there were, and Open how many there are.
	Connections, Open atomic.Int32
	// Away has the server hang up on everybody.
	Away atomic.Bool

	listener net.Listener
	search   func(connection int, filter string) Reply
}

// Reply is what a fake server says to a search.
type Reply struct {
	After    time.Duration
	Never    bool
	Code     uint16              // of the result
	Entry    string              // a DN; empty: none
	Values   map[string][]string // of the entry, by attribute
	Referral string              // a continuation reference; empty: none
}

// StartFakeLDAP starts a server that answers searches as the function says, which is
// given the number of the connection, from 1.
func StartFakeLDAP(t testing.TB, search func(connection int, filter string) Reply) *FakeLDAP {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &FakeLDAP{listener: listener, search: search}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			n := int(f.Connections.Add(1))
			f.Open.Add(1)
			serving.Go(func() {
				defer f.Open.Add(-1)
				f.serve(conn, n)
			})
		}
	})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		serving.Wait()
	})
	return f
}

// serve answers on one connection until its client leaves.
func (f *FakeLDAP) serve(conn net.Conn, n int) {
	defer conn.Close() //nolint:errcheck // the client left
	var writing sync.Mutex
	var answering sync.WaitGroup
	defer answering.Wait()
	for !f.Away.Load() {
		request, err := ber.ReadPacket(conn)
		if err != nil {
			return
		}
		if request.Children[1].Tag == goldap.ApplicationExtendedRequest { // agrees to StartTLS, and no more
			_, _ = conn.Write(result(request.Children[0].Value.(int64), goldap.ApplicationExtendedResponse, 0))
			_, _ = io.Copy(io.Discard, conn)
			return
		}
		if request.Children[1].Tag != goldap.ApplicationSearchRequest {
			continue
		}
		filter, err := goldap.DecompileFilter(request.Children[1].Children[6])
		if err != nil {
			return
		}
		r := Reply{}
		search := request.Children[1].Children
		switch {
		case search[1].Value != int64(goldap.ScopeBaseObject):
			r = f.search(n, filter)
		case f.Read != nil: // else it is the first search on a connection
			var attributes []string
			for _, attribute := range search[7].Children {
				attributes = append(attributes, attribute.Value.(string))
			}
			r = f.Read(attributes)
		}
		if r.Never {
			continue
		}
		answering.Add(1)
		time.AfterFunc(r.After, func() {
			defer answering.Done()
			writing.Lock()
			defer writing.Unlock()
			_, _ = conn.Write(r.bytes(request.Children[0].Value.(int64)))
		})
	}
}

// bytes are the messages of an answer (RFC 4511 section 4.5.2).
func (r Reply) bytes(id int64) []byte {
	var all []byte
	if r.Entry != "" {
		all = append(all, message(id, goldap.ApplicationSearchResultEntry, text(r.Entry), r.attributes())...)
	}
	if r.Referral != "" {
		all = append(all, message(id, goldap.ApplicationSearchResultReference, text(r.Referral))...)
	}
	return append(all, result(id, goldap.ApplicationSearchResultDone, r.Code)...)
}

// attributes are those of an entry (RFC 4511 section 4.1.7).
func (r Reply) attributes() *ber.Packet {
	all := ber.NewSequence("")
	for name, values := range r.Values {
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, value := range values {
			set.AppendChild(text(value))
		}
		one := ber.NewSequence("")
		one.AppendChild(text(name))
		one.AppendChild(set)
		all.AppendChild(one)
	}
	return all
}

// result is a message that tells how an operation ended (RFC 4511 section 4.1.9).
func result(id int64, tag ber.Tag, code uint16) []byte {
	coded := ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(code), "")
	return message(id, tag, coded, text(""), text(""))
}

func message(id int64, tag ber.Tag, parts ...*ber.Packet) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	for _, part := range parts {
		op.AppendChild(part)
	}
	whole := ber.NewSequence("")
	whole.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	whole.AppendChild(op)
	return whole.Bytes()
}

func text(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

// URL is where the server is.
func (f *FakeLDAP) URL() string { return "ldap://" + f.listener.Addr().String() }
