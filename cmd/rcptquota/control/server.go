package control

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/httpserver"
)

// goodbye is how long answers under way may take once the server is told to end.
const goodbye = time.Second

// Serve answers on ln with handler until ctx ends, and closes ln. Requests that are still
// under way then lose their context, and a moment later their connection.
func Serve(ctx context.Context, ln net.Listener, handler http.Handler) error {
	server := httpserver.New(sentences(handler))
	server.BaseContext = func(net.Listener) context.Context { return ctx }
	server.ConnContext = withPeer
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	select {
	case err := <-ended: // the socket failed
		_ = server.Close()
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		_ = server.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// sentences has errors of the mux itself, for paths and methods that nobody registered,
// be told as all others are.
func sentences(handler http.Handler) http.Handler {
	mux, ok := handler.(*http.ServeMux)
	if !ok {
		return handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern == "" {
			fail(w, Errorf(http.StatusNotFound, "this rcptquota does not know %s %s; it is of another version than the command", r.Method, r.URL.Path))
			return
		}
		mux.ServeHTTP(w, r)
	})
}
