//go:build servers

package servers_test

import (
	"net/smtp"
	"regexp"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

func TestPostfixTakesMailFromALogin(t *testing.T) {
	postfix := servers.StartPostfix(t, servers.PostfixConfig{
		Listeners: []servers.Listener{{Name: "submission", Options: []string{"smtpd_sasl_auth_enable = yes"}}},
		Logins:    true,
	})
	auth := smtp.PlainAuth("", "mdurand", "any", "127.0.0.1")
	message := []byte("Subject: try\r\n\r\nHello.\r\n")
	if err := smtp.SendMail(postfix.Address("submission"), auth, "a@example.net", []string{"b@example.net"}, message); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`postfix/submission/smtpd.* sasl_username=mdurand`, `to=<b@example\.net>.* status=sent`} {
		if _, err := postfix.Log.Await(regexp.MustCompile(want), 1); err != nil {
			t.Error(err)
		}
	}
}
