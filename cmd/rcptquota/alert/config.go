package alert

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// Config is the table [alerts] of the configuration file.
type Config struct {
	// Enabled turns alerts on. They are then in the log, as `alert`, and sent to "mail_to"
	// and "webhook".
	Enabled bool `toml:"enabled"`
	// On are the kinds of alerts: "refusal" (the first refusal of a sender in a day),
	// "window" (a sender above "window_share"), "degraded" (the directory or Redis is
	// away, or state_dir cannot be written), "roster" (the premium roster cannot be brought up to date) and "reload" (a
	// new configuration has a mistake). Left out: all.
	On []string `toml:"on"`
	// WindowShare is the share of a window, in percent, from which a sender is close to
	// its limit.
	WindowShare int `toml:"window_share"`
	// After is how long the directory, Redis or the roster may be in trouble before that
	// is an alert.
	After conf.Duration `toml:"after"`
	// MailTo are the addresses that get each alert by mail. Left out: no mail.
	MailTo []string `toml:"mail_to"`
	// MailFrom is the sender of these mails. Left out: "rcptquota" at "hostname", or at the
	// machine's own name.
	MailFrom string `toml:"mail_from"`
	// SMTP is the "host:port" of the server that takes these mails. On this machine it is
	// asked without TLS, elsewhere with STARTTLS.
	SMTP string `toml:"smtp"`
	// Webhook is an "http://" or "https://" URL, to which each alert is posted as JSON. It
	// is never logged. Left out: none.
	Webhook string `toml:"webhook"`
	// Digest is the time of day, as in "07:00", at which one more message lists the alerts
	// of the last 24 hours, if there were any. Left out: none.
	Digest string `toml:"digest"`
}

// Default returns the configuration of an empty table.
func Default() Config {
	return Config{WindowShare: 80, After: conf.Duration{Duration: time.Minute}, SMTP: "127.0.0.1:25"}
}

// Validate implements [conf.Validator].
func (c *Config) Validate() error {
	var errs []error
	mistake := func(key, format string, args ...any) {
		errs = append(errs, conf.Errorf("alerts."+key, format, args...))
	}
	for i, word := range c.On {
		if _, err := conf.Word([]byte(word), kinds...); err != nil || word == "" {
			mistake(fmt.Sprintf("on[%d]", i), "%v", cmp.Or(err, errors.New("empty; leave it out")))
		}
	}
	if c.WindowShare < 1 || c.WindowShare > 100 {
		mistake("window_share", "%d is no share; write a number of percent from 1 to 100", c.WindowShare)
	}
	if c.After.Duration < 0 {
		mistake("after", "%v is before now; write a time as in \"1m\"", c.After)
	}
	for i, to := range c.MailTo {
		if !isAddress(to) {
			mistake(fmt.Sprintf("mail_to[%d]", i), "%q is not an address; write it as in \"postmaster@example.org\"", to)
		}
	}
	if c.MailFrom != "" && !isAddress(c.MailFrom) {
		mistake("mail_from", "%q is not an address; write it as in \"rcptquota@example.org\"", c.MailFrom)
	}
	if _, _, err := c.smtp(); err != nil {
		mistake("smtp", `%q is no host and port; write it as in "127.0.0.1:25"`, c.SMTP)
	}
	if c.Webhook != "" && !isHTTP(c.Webhook) {
		mistake("webhook", "not a URL; write it as in \"https://chat.example.org/hook\"") // it may be a secret
	}
	if _, err := c.digestTime(); err != nil {
		mistake("digest", `%q is no time of day; write it as in "07:00"`, c.Digest)
	}
	return errors.Join(errs...)
}

// smtp is the host and the port of SMTP.
func (c *Config) smtp() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(c.SMTP)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return host, int(n), err
}

func isAddress(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text
}

func isHTTP(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// wants reports whether alerts of a kind are raised.
func (c *Config) wants(k Kind) bool {
	return c.Enabled && (len(c.On) == 0 || slices.Contains(c.On, k.String()))
}

// digestTime is the time of day of the digest, on some date; the zero time where there is
// none.
func (c *Config) digestTime() (time.Time, error) {
	if c.Digest == "" {
		return time.Time{}, nil
	}
	return time.Parse("15:04", c.Digest)
}

// from is the sender of mails, on a relay of that name, which may be empty.
func (c *Config) from(relay string) string {
	if c.MailFrom != "" {
		return c.MailFrom
	}
	machine, _ := os.Hostname() // empty: localhost
	return "rcptquota@" + cmp.Or(relay, machine, "localhost")
}
