package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// maxAnswer is how much of a webhook's answer is read, in bytes.
const maxAnswer = 4 << 10

// webhook posts messages as JSON.
type webhook struct {
	url    string // may be a secret
	client *http.Client
}

// newWebhook makes the webhook at a valid URL.
func newWebhook(url string) *webhook {
	return &webhook{url: url, client: &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		// A redirect would take a secret elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// send posts one message. Any answer but 2xx is an error, which does not tell the URL.
func (w *webhook) send(ctx context.Context, message *Message) error {
	body, err := json.Marshal(message.JSON)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return withoutURL(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "rcptquota")
	response, err := w.client.Do(request)
	if err != nil {
		return withoutURL(err)
	}
	defer response.Body.Close() //nolint:errcheck // only read
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswer)
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("the webhook answers %s", response.Status)
	}
	return nil
}

// withoutURL is what went wrong with a request.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
