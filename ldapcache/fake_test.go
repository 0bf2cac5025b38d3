package ldapcache

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota"
)

// fake is an LDAP server with the faults that a real one cannot be made to have.
type fake struct {
	net.Listener
	reply       func(connection int, filter string) reply
	read        func(attributes []string) reply // answers the reading of one entry; nil: nothing is there
	connections atomic.Int32
	open        atomic.Int32 // of the connections
	away        atomic.Bool  // hangs up on everybody
}

// reply is what a fake server says to a search.
type reply struct {
	after    time.Duration
	never    bool
	code     uint16              // of the result
	entry    string              // a DN; empty: none
	values   map[string][]string // of the entry, by attribute
	referral string              // a continuation reference; empty: none
}

// startFake starts a server that answers each search as reply says, which counts
// the connections from 1.
func startFake(t *testing.T, answer func(connection int, filter string) reply) *fake {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{Listener: listener, reply: answer}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			n := int(f.connections.Add(1))
			f.open.Add(1)
			serving.Go(func() {
				defer f.open.Add(-1)
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
func (f *fake) serve(conn net.Conn, n int) {
	defer conn.Close() //nolint:errcheck // the client left
	var writing sync.Mutex
	var answering sync.WaitGroup
	defer answering.Wait()
	for !f.away.Load() {
		request, err := ber.ReadPacket(conn)
		if err != nil {
			return
		}
		if request.Children[1].Tag == ldap.ApplicationExtendedRequest { // agrees to StartTLS, and no more
			_, _ = conn.Write(result(request.Children[0].Value.(int64), ldap.ApplicationExtendedResponse, 0))
			_, _ = io.Copy(io.Discard, conn)
			return
		}
		if request.Children[1].Tag != ldap.ApplicationSearchRequest {
			continue
		}
		filter, err := ldap.DecompileFilter(request.Children[1].Children[6])
		if err != nil {
			return
		}
		r := reply{}
		search := request.Children[1].Children
		switch {
		case search[1].Value != int64(ldap.ScopeBaseObject):
			r = f.reply(n, filter)
		case f.read != nil: // else it proves the connection
			var attributes []string
			for _, attribute := range search[7].Children {
				attributes = append(attributes, attribute.Value.(string))
			}
			r = f.read(attributes)
		}
		if r.never {
			continue
		}
		answering.Add(1)
		time.AfterFunc(r.after, func() {
			defer answering.Done()
			writing.Lock()
			defer writing.Unlock()
			_, _ = conn.Write(r.bytes(request.Children[0].Value.(int64)))
		})
	}
}

// bytes are the messages of an answer (RFC 4511 section 4.5.2).
func (r reply) bytes(id int64) []byte {
	var all []byte
	if r.entry != "" {
		all = append(all, message(id, ldap.ApplicationSearchResultEntry, text(r.entry), r.attributes())...)
	}
	if r.referral != "" {
		all = append(all, message(id, ldap.ApplicationSearchResultReference, text(r.referral))...)
	}
	return append(all, result(id, ldap.ApplicationSearchResultDone, r.code)...)
}

// attributes are those of an entry (RFC 4511 section 4.1.7).
func (r reply) attributes() *ber.Packet {
	all := ber.NewSequence("")
	for name, values := range r.values {
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

// url is where the server is.
func (f *fake) url() string { return "ldap://" + f.Addr().String() }

// openFakes opens a directory at the fake servers, without designations.
func openFakes(t *testing.T, timeout time.Duration, fakes ...*fake) *LDAP {
	t.Helper()
	config := DefaultConfig()
	config.Source = sourceLDAP
	for _, f := range fakes {
		config.Servers = append(config.Servers, f.url())
	}
	config.Base = "dc=test"
	config.UserFilter = "(uid=%u)"
	config.PremiumMembers = []string{}
	config.Timeout.Duration = timeout
	d, err := openLDAP(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func unavailable(err error) bool {
	return err != nil && !errors.Is(err, quota.ErrAbsent) && !errors.Is(err, quota.ErrAmbiguous)
}

// asks reports whether a filter looks for a login that begins so.
func asks(filter, login string) bool { return strings.HasPrefix(filter, "(uid="+login) }
