package control

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener of connections in memory, which go by synctest's clock.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

// A follower that does not read is cut off; one that has nothing to read for an hour is
// not.
func TestFollowersThatHang(t *testing.T) {
	for name, reads := range map[string]bool{"reads": true, "hangs": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mux := http.NewServeMux()
				ended := make(chan error, 1)
				Follow(mux, "GET /all", func(_ *http.Request, send func(string) error) error {
					time.Sleep(time.Hour) //nolint:forbidigo // costs no time
					err := send("one")
					ended <- err
					return err
				})
				ctx, stop := context.WithCancel(t.Context())
				p := make(pipes)
				served := make(chan error, 1)
				go func() { served <- Serve(ctx, p, mux) }()
				ours, theirs := net.Pipe()
				p <- theirs
				go func() {
					_, _ = ours.Write([]byte("GET /all HTTP/1.1\r\nHost: x\r\n\r\n"))
					for buffer := make([]byte, 512); reads; {
						if _, err := ours.Read(buffer); err != nil {
							return
						}
					}
				}()
				start := time.Now()
				err := <-ended
				if took := time.Since(start); reads != (err == nil) || took > time.Hour+time.Minute {
					t.Errorf("%v after %v", err, took)
				}
				_ = ours.Close()
				stop()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
