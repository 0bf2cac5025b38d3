package alert

import (
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/conf"
)

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		`on = ["refusals"]`:        `alerts.on[0]: "refusals" is not known; write "refusal" or "window" or "degraded" or "roster" or "reload"`,
		`window_share = 0`:         `alerts.window_share: 0 is no share; write a number of percent from 1 to 100`,
		`after = "-1m"`:            `alerts.after: -1m is before now; write a time as in "1m"`,
		`mail_to = ["postmaster"]`: `alerts.mail_to[0]: "postmaster" is not an address; write it as in "postmaster@example.org"`,
		`mail_from = "A <a@b.c>"`:  `alerts.mail_from: "A <a@b.c>" is not an address; write it as in "rcptquota@example.org"`,
		`smtp = "localhost"`:       `alerts.smtp: "localhost" is no host and port; write it as in "127.0.0.1:25"`,
		`webhook = "secret"`:       `alerts.webhook: not a URL; write it as in "https://chat.example.org/hook"`,
		`digest = "25:00"`:         `alerts.digest: "25:00" is no time of day; write it as in "07:00"`,
	} {
		config := struct {
			Alerts Config `toml:"alerts"`
		}{Default()}
		if err := conf.Decode("t", []byte("[alerts]\n"+text), &config); err != nil {
			t.Fatal(err)
		}
		if err := config.Alerts.Validate(); err == nil || strings.TrimPrefix(err.Error(), "t:2: ") != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	config := Default()
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
	if config.Enabled {
		t.Error("on by default")
	}
}
