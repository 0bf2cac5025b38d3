package control

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/rcptquota/rcptquota/test/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type greeting struct {
	Name string `json:"name"`
}

// serve answers on a socket with what the test registers, until the test ends.
func serve(t *testing.T, register func(*http.ServeMux)) (socket string, c *Client) {
	t.Helper()
	config := Config{}
	dir := servers.Scratch(t)
	ln, err := config.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	register(mux)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, ln, mux) }()
	socket = config.Path(dir)
	c = NewClient(socket)
	t.Cleanup(func() {
		c.Close()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return socket, c
}

func TestAnswerKnowsWhoAsks(t *testing.T) {
	_, c := serve(t, func(mux *http.ServeMux) {
		Answer(mux, "GET /who", func(r *http.Request) (string, error) { return PeerOf(r.Context()).User(), nil })
	})
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Get[string](t.Context(), c, "/who"); err != nil || got != me.Username {
		t.Errorf("%q, %v; I am %s", got, err, me.Username)
	}
}

func TestTake(t *testing.T) {
	socket, c := serve(t, func(mux *http.ServeMux) {
		Take(mux, "POST /greet", func(_ *http.Request, in greeting) (greeting, error) {
			if in.Name == "" {
				return in, Errorf(http.StatusBadRequest, "nobody is named")
			}
			return greeting{"Hello " + in.Name}, nil
		})
	})
	if got, err := Post[greeting](t.Context(), c, "/greet", greeting{"Anne"}); err != nil || got.Name != "Hello Anne" {
		t.Errorf("%+v, %v", got, err)
	}
	for name, of := range map[string]struct {
		path string
		in   any
		want string
	}{
		"an error of the handler": {"/greet", greeting{}, "nobody is named"},
		"an unknown field":        {"/greet", map[string]int{"age": 7}, `the body of the request is not as expected: json: unknown field "age"`},
		"too long":                {"/greet", greeting{strings.Repeat("x", maxBody)}, "the request is longer than 1048576 bytes, some ten thousand addresses; ask about fewer"},
		"an unknown path":         {"/nothing", greeting{}, "this rcptquota does not know POST /nothing; it is of another version than the command"},
	} {
		_, err := Post[greeting](t.Context(), c, of.path, of.in)
		if told, ok := errors.AsType[*Error](err); !ok || told.Sentence != of.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	conn, err := net.Dial("unix", socket) // as curl --unix-socket does
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the test is over
	_, _ = io.WriteString(conn, "POST /greet HTTP/1.0\r\nContent-Length: 16\r\n\r\n{\"name\":\"Bruno\"}")
	if text, _ := io.ReadAll(conn); !strings.HasSuffix(string(text), "\r\n\r\n{\"name\":\"Hello Bruno\"}\n") {
		t.Errorf("got %q", text)
	}
}

// A body is one value, whatever follows it, and no longer than is allowed.
func TestTakeOneValue(t *testing.T) {
	for body, want := range map[string]int{
		`{"name":"Anne"}`: 0, "{}\n \t\r\n": 0,
		`{}}`: http.StatusBadRequest, `{}]`: http.StatusBadRequest, `{} {}`: http.StatusBadRequest, `{}x`: http.StatusBadRequest, "": http.StatusBadRequest,
		"{}" + strings.Repeat(" ", maxBody): http.StatusRequestEntityTooLarge,
	} {
		w, got := httptest.NewRecorder(), 0
		if err := readBody(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body)), &greeting{}); err != nil {
			got = asError(err).Status
		}
		if got != want {
			t.Errorf("%.20s: %d, want %d", body, got, want)
		}
	}
}

// A stream goes on until its reader leaves, and its handler learns of that.
func TestFollow(t *testing.T) {
	left := make(chan error, 1)
	_, c := serve(t, func(mux *http.ServeMux) {
		Follow(mux, "GET /numbers", func(r *http.Request, send func(int) error) error {
			for i := range 3 {
				if err := send(i); err != nil {
					return err
				}
			}
			<-r.Context().Done()
			left <- r.Context().Err()
			return nil
		})
		Follow(mux, "GET /none", func(*http.Request, func(int) error) error {
			return Errorf(http.StatusServiceUnavailable, "there are no numbers today")
		})
	})
	enough := errors.New("enough")
	sum := 0
	err := FollowLines(t.Context(), c, "/numbers", func(i int) error {
		if sum += i; i == 2 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || sum != 3 {
		t.Errorf("%v, sum %d", err, sum)
	}
	if err := <-left; err == nil {
		t.Error("the handler does not learn that the client left")
	}
	if err := FollowLines(t.Context(), c, "/none", func(int) error { return nil }); err == nil || err.Error() != "there are no numbers today" {
		t.Error(err)
	}
}

// A stream that breaks off is not taken for a short one.
func TestFollowThatFails(t *testing.T) {
	_, c := serve(t, func(mux *http.ServeMux) {
		Follow(mux, "GET /numbers", func(_ *http.Request, send func(greeting) error) error {
			if err := send(greeting{"Anne"}); err != nil {
				return err
			}
			return Errorf(http.StatusServiceUnavailable, "there are no more today")
		})
		Follow(mux, "GET /fault", func(_ *http.Request, send func(greeting) error) error {
			_ = send(greeting{"Anne"})
			panic(http.ErrAbortHandler)
		})
	})
	for path, want := range map[string]string{"/numbers": "there are no more today", "/fault": "unexpected EOF"} {
		var got []greeting
		err := FollowLines(t.Context(), c, path, func(g greeting) error { got = append(got, g); return nil })
		if err == nil || !strings.HasSuffix(err.Error(), want) || len(got) != 1 || got[0].Name != "Anne" {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
}

// A handler that thinks for longer than a client may take to write still answers, and one
// whose client has left is told so.
func TestALeavingClientEndsItsRequest(t *testing.T) {
	asked, left := make(chan struct{}), make(chan struct{})
	_, c := serve(t, func(mux *http.ServeMux) {
		Answer(mux, "GET /slow", func(r *http.Request) (string, error) {
			close(asked)
			<-r.Context().Done()
			close(left)
			return "", nil
		})
	})
	ctx, leave := context.WithCancel(t.Context())
	go func() { <-asked; leave() }()
	if _, err := Get[string](ctx, c, "/slow"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-left
}

// A fault in a handler ends its connection, and nothing else.
func TestAPanicHarmsNobodyElse(t *testing.T) {
	_, c := serve(t, func(mux *http.ServeMux) {
		Answer(mux, "GET /fault", func(*http.Request) (string, error) { panic(http.ErrAbortHandler) })
		Answer(mux, "GET /good", func(*http.Request) (string, error) { return "good", nil })
	})
	if _, err := Get[string](t.Context(), c, "/fault"); err == nil {
		t.Error("a fault is answered")
	}
	if got, err := Get[string](t.Context(), c, "/good"); err != nil || got != "good" {
		t.Error(got, err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	dir := servers.Scratch(t)
	for _, socket := range []string{filepath.Join(dir, "none.sock"), stale(t, dir)} {
		c := NewClient(socket)
		_, err := Get[string](t.Context(), c, "/status")
		want := "no rcptquota is running on " + socket + "; start it, or name the socket of a running one with --socket"
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// stale leaves a socket file that nobody listens on.
func stale(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, defaultName)
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestListen(t *testing.T) {
	dir := servers.Scratch(t)
	stale(t, dir)
	config := Config{Mode: "0600"}
	ln, err := config.Listen(dir)
	if err != nil {
		t.Fatal("a socket that nobody listens on is not replaced:", err)
	}
	info, err := os.Stat(config.Path(dir))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if second, err := config.Listen(dir); err == nil {
		_ = second.Close()
		t.Error("a socket in use is replaced")
	}
	if err := ln.Close(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(config.Path(dir), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if second, err := config.Listen(dir); err == nil {
		_ = second.Close()
		t.Error("a file that is no socket is replaced")
	}
}

func TestValidate(t *testing.T) {
	for want, c := range map[string]Config{
		"": {Socket: "/run/rcptquota/control.sock", Mode: "0600"},
		`control.socket: "control.sock" is no absolute path of at most 100 characters; write it as in "/run/rcptquota/control.sock", or "off" for none`: {Socket: "control.sock"},
		`control.mode: "rw" is no mode; write it in octal, as in "0660"`:                                                                                {Mode: "rw"},
	} {
		got := ""
		if err := c.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
