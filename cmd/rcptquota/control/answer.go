package control

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/httpserver"
)

// maxBody is the longest body of a request, in bytes: some ten thousand addresses.
const maxBody = 1 << 20

// Answer has f answer the requests of a pattern, such as "GET /status". Its value is
// sent as JSON. Its error is told as a sentence, with the status of [Errorf]; without
// one, 500. The request's context ends when the client leaves.
func Answer[T any](mux *http.ServeMux, pattern string, f func(*http.Request) (T, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		unhurried(w)
		value, err := f(r)
		reply(w, value, err)
	})
}

// Take is [Answer] for requests whose body is JSON. A body with fields that In lacks is
// refused, since they would have been meant to matter.
func Take[In, Out any](mux *http.ServeMux, pattern string, f func(*http.Request, In) (Out, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := readBody(w, r, &in); err != nil {
			fail(w, err)
			return
		}
		unhurried(w)
		value, err := f(r, in)
		reply(w, value, err)
	})
}

// Follow has f send any number of values, each as one line of JSON, until it returns or
// the request's context ends. The function send fails once the client has left, or has
// not read for too long. An error that f returns before it has sent anything is told as
// that of [Answer]; later, as a last line {"error": "the sentence"}, so that nobody takes a
// part for the whole.
func Follow[T any](mux *http.ServeMux, pattern string, f func(r *http.Request, send func(T) error) error) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		unhurried(w)
		w.Header().Set("Content-Type", "application/x-ndjson")
		sent := false
		var left error
		err := f(r, func(value T) error {
			sent = true
			left = sendLine(w, value)
			return left
		})
		switch {
		case err == nil || left != nil:
		case sent:
			_ = sendLine(w, asError(err)) // who asked may have left
		default:
			fail(w, err)
		}
	})
}

func readBody(w http.ResponseWriter, r *http.Request, in any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(in)
	if err == nil {
		err = atEnd(decoder)
	}
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return Errorf(http.StatusRequestEntityTooLarge, "the request is longer than %d bytes, some ten thousand addresses; ask about fewer", maxBody)
	}
	if err != nil {
		return Errorf(http.StatusBadRequest, "the body of the request is not as expected: %v", err)
	}
	return nil
}

// atEnd reads to the end of a body, where nothing but white space may follow its value.
func atEnd(decoder *json.Decoder) error {
	_, err := decoder.Token()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return err
	}
	return errors.New("there is more than one value")
}

// unhurried takes away the server's deadlines once a request has been read: the handler
// may think for as long as the client waits.
func unhurried(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{}) // it is not supported only where there is none
	_ = c.SetWriteDeadline(time.Time{})
}

// reply sends one answer; a client that does not read it is cut off.
func reply[T any](w http.ResponseWriter, value T, err error) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(httpserver.Timeout))
	if err != nil {
		fail(w, err)
		return
	}
	text, err := json.Marshal(value)
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(text, '\n')) // who asked may have left
}

// sendLine sends one value of a stream at once.
func sendLine(w http.ResponseWriter, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	c := http.NewResponseController(w)
	if err := c.SetWriteDeadline(time.Now().Add(httpserver.Timeout)); err != nil {
		return err
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return err
	}
	return c.Flush()
}
