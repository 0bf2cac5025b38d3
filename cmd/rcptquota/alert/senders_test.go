package alert

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// message is the message of an alert.
func message() *Message {
	a, _ := ofDecision(refused(), noon)
	return &Message{Subject: a.subject(), Body: a.body(), JSON: a}
}

func TestMail(t *testing.T) {
	sink := servers.StartSink(t)
	config := Default()
	config.MailTo, config.SMTP = []string{"postmaster@example.org", "admin@example.org"}, sink.Address
	if err := newMailer(&config, "mx1.example.org").send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if err := sink.Await(regexp.MustCompile(`(?s)^MAIL FROM:<rcptquota@mx1\.example\.org>
RCPT TO:<postmaster@example\.org>
RCPT TO:<admin@example\.org>
.*Subject: rcptquota: mail of anne was refused
`), 1); err != nil {
		t.Fatal(err)
	}
	text := sink.Deliveries()[0].Text
	for _, want := range []string{
		"Auto-Submitted: auto-generated\n", "From: <rcptquota@mx1.example.org>\n", "Date: ", "Message-ID: <",
		"A message of anne was refused for the first time today: it has 151 recipients", "\nlimit:      150\n", "\nreference:  4Fxy\n",
	} {
		if !strings.Contains(strings.ReplaceAll(text, "=\n", ""), want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

func TestMailThatCannotBeSent(t *testing.T) {
	config := Default()
	config.MailTo, config.SMTP = []string{"gone@example.org"}, servers.StartSink(t).Address
	if err := newMailer(&config, "").send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "No such mailbox") {
		t.Errorf("a refused recipient: %v", err)
	}
	config.SMTP = "127.0.0.1:1"
	if err := newMailer(&config, "").send(t.Context(), message()); err == nil {
		t.Error("sent to nobody")
	}
}

// TestMailServersThatHang: a server that says nothing, or nothing more, is hung up on when
// the time is over, or the program ends.
func TestMailServersThatHang(t *testing.T) {
	for _, says := range []string{"", "220 mail.example.org ESMTP\r\n"} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithCancel(t.Context())
		var serving sync.WaitGroup
		serving.Go(func() {
			conn, err := ln.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, says)
			if says != "" {
				_, _ = conn.Read(make([]byte, 1)) // EHLO
			}
			end()
			_, _ = io.Copy(io.Discard, conn) // until it is hung up
			_ = conn.Close()
		})
		config := Default()
		config.MailTo, config.SMTP = []string{"postmaster@example.org"}, ln.Addr().String()
		err = newMailer(&config, "").send(ctx, message())
		if err == nil || strings.Contains(err.Error(), "timeout") {
			t.Errorf("%q: %v", says, err)
		}
		serving.Wait()
		_ = ln.Close()
	}
}

// TestTLSOfMail: on this machine it is not needed, elsewhere it is.
func TestTLSOfMail(t *testing.T) {
	for host, want := range map[string]string{"127.0.0.1": "NoTLS", "::1": "NoTLS", "localhost": "NoTLS", "192.0.2.1": "TLSMandatory", "mail.example.org": "TLSMandatory"} {
		if got := (&mailer{host: host}).tlsPolicy().String(); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}

func TestWebhook(t *testing.T) {
	var posted map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/hook", http.StatusTemporaryRedirect)
			return
		case "/broken":
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(body, &posted) != nil {
			t.Errorf("%s %s", r.Method, body)
		}
	}))
	defer server.Close()
	if err := newWebhook(server.URL+"/hook").send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if posted["kind"] != "refusal" || posted["sender"] != "anne" || posted["limit"] != 150.0 || posted["queue_id"] != "4Fxy" {
		t.Errorf("posted %v", posted)
	}
	for path, want := range map[string]string{"/moved": "307 Temporary Redirect", "/broken": "502 Bad Gateway"} {
		if err := newWebhook(server.URL+path).send(t.Context(), message()); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := newWebhook("http://127.0.0.1:1/secret").send(t.Context(), message()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody listens: %v", err)
	}
}
