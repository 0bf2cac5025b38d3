package httpserver

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// dialer is a listener whose connections are made in memory, so that they go by
// synctest's clock.
type dialer chan net.Conn

func (d dialer) Accept() (net.Conn, error) {
	if conn, ok := <-d; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (d dialer) Close() error   { return nil }
func (d dialer) Addr() net.Addr { return &net.UnixAddr{} }

func (d dialer) dial() net.Conn {
	ours, theirs := net.Pipe()
	d <- theirs
	return ours
}

// Readers that stand still, in each state of a connection, are hung up on.
func TestHTTPReadersThatHang(t *testing.T) {
	const get = "GET /metrics HTTP/1.1\r\nHost: x\r\n"
	for name, of := range map[string]struct {
		says string
		read bool // one answer
		ends time.Duration
	}{
		"says nothing":          {"", false, Timeout},
		"ends no header":        {get, false, Timeout},
		"reads no answer":       {get + "\r\n", false, Timeout},
		"asks for nothing more": {get + "\r\n", true, idle},
		"sends no body":         {"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", false, Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answer := strings.Repeat("x", 1<<20)
				d := make(dialer)
				server := New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					_, _ = io.WriteString(w, answer)
				}))
				ended := make(chan error)
				go func() { ended <- server.Serve(d) }()
				conn := d.dial()
				if _, err := io.WriteString(conn, of.says); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				if of.read {
					response, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err != nil {
						t.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
				}
				time.Sleep(of.ends) //nolint:forbidigo // under synctest's clock
				synctest.Wait()
				if _, err := conn.Write([]byte{'x'}); !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("after %v it is still connected (%v)", time.Since(start), err)
				}
				close(d)
				if err := <-ended; !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
			})
		})
	}
}

// Too many readers are hung up on; there is room again when others have gone.
func TestHTTPReadersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := make(dialer)
		server := New(http.NotFoundHandler())
		ended := make(chan error)
		go func() { ended <- server.Serve(d) }()
		var conns []net.Conn
		for range maxConnections {
			conns = append(conns, d.dial())
		}
		answers := func(conn net.Conn) bool {
			defer conn.Close() //nolint:errcheck // the test is over
			_, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
			if err != nil {
				return false
			}
			text, _ := io.ReadAll(conn)
			return len(text) > 0
		}
		if answers(d.dial()) {
			t.Error("one too many is answered")
		}
		if !answers(conns[0]) || !answers(d.dial()) {
			t.Error("one that has its place is not answered")
		}
		for _, conn := range conns {
			_ = conn.Close()
		}
		close(d)
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}
