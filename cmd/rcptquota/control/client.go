package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"
	"time"
)

const (
	// dialTimeout is for connecting, which a running rcptquota does at once.
	dialTimeout = 5 * time.Second
	// answerTimeout is how long an answer may take to begin: longer than LDAP and Redis
	// may take together.
	answerTimeout = time.Minute
)

// Client asks a running rcptquota. It is used by many goroutines at once.
type Client struct {
	socket string
	http   http.Client
	follow http.Client // waits for as long as there is nothing to tell
}

// NewClient returns a client of the rcptquota that listens on a socket. It connects when
// it is first used.
func NewClient(socket string) *Client {
	dialer := net.Dialer{Timeout: dialTimeout}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", socket)
	}
	return &Client{
		socket: socket,
		http:   http.Client{Transport: &http.Transport{DialContext: dial, ResponseHeaderTimeout: answerTimeout}},
		follow: http.Client{Transport: &http.Transport{DialContext: dial}},
	}
}

// Close ends the client's idle connections.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	c.follow.CloseIdleConnections()
}

// Get asks for what [Answer] answers at path, which may have a query.
func Get[T any](ctx context.Context, c *Client, path string) (value T, err error) {
	return ask[T](ctx, c, http.MethodGet, path, nil)
}

// Post sends in to what [Take] takes at path. A nil in is no body, for [Answer].
func Post[T any](ctx context.Context, c *Client, path string, in any) (value T, err error) {
	if in == nil {
		return ask[T](ctx, c, http.MethodPost, path, nil)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return value, err
	}
	return ask[T](ctx, c, http.MethodPost, path, body)
}

// FollowLines calls each with every value that [Follow] sends at path, until the stream or
// ctx ends, or each fails. An error is also what [Follow] tells in its last line; the values
// must not be like that line.
func FollowLines[T any](ctx context.Context, c *Client, path string, each func(T) error) error {
	response, err := c.send(ctx, &c.follow, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	for decoder := json.NewDecoder(response.Body); ; {
		var line json.RawMessage
		err := decoder.Decode(&line)
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			return nil
		}
		if told := lastWord(line); told != nil {
			return told
		}
		var value T
		if err == nil {
			err = json.Unmarshal(line, &value)
		}
		if err != nil {
			return fmt.Errorf("rcptquota on %s ended: %w", c.socket, err)
		}
		if err := each(value); err != nil {
			return err
		}
	}
}

// lastWord is the error that a line of a stream tells; nil if it tells none.
func lastWord(line json.RawMessage) error {
	if !bytes.HasPrefix(line, []byte(`{"error":`)) { // most lines
		return nil
	}
	told := &Error{Status: http.StatusInternalServerError}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if decoder.Decode(told) == nil && told.Sentence != "" {
		return told
	}
	return nil // a value that has more than an error
}

func ask[T any](ctx context.Context, c *Client, method, path string, body []byte) (value T, err error) {
	response, err := c.send(ctx, &c.http, method, path, body)
	if err != nil {
		return value, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	if err := json.NewDecoder(response.Body).Decode(&value); err != nil {
		return value, fmt.Errorf("rcptquota on %s answers what is not understood; is it of another version? %w", c.socket, err)
	}
	return value, nil
}

// send sends a request, and returns a good response. Its caller closes the body.
func (c *Client) send(ctx context.Context, by *http.Client, method, path string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://rcptquota"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := by.Do(request)
	if err != nil {
		return nil, c.explain(err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	told := &Error{Status: response.StatusCode}
	if err := json.NewDecoder(response.Body).Decode(told); err != nil || told.Sentence == "" {
		told.Sentence = fmt.Sprintf("rcptquota on %s answers %s", c.socket, response.Status)
	}
	return nil, told
}

// explain says for people why there is no answer.
func (c *Client) explain(err error) error {
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no rcptquota is running on %s; start it, or name the socket of a running one with --socket", c.socket)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("you may not ask the rcptquota on %s; be root, the user that it runs as, or of the socket's group ([control] group)", c.socket)
	case isNet && timeout.Timeout():
		return fmt.Errorf("the rcptquota on %s does not answer; its log, or a restart, may help", c.socket)
	}
	return fmt.Errorf("ask the rcptquota on %s: %w", c.socket, err)
}
