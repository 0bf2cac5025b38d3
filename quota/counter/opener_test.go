package counter

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// away is a configuration of a Redis that does not answer, with a digest key of that letter.
func away(t *testing.T, letter string) Config {
	t.Helper()
	c := DefaultConfig()
	c.Kind, c.Addresses = kindRedis, []string{"127.0.0.1:1"}
	c.DigestKeyFile = filepath.Join(t.TempDir(), "digest.key")
	if err := os.WriteFile(c.DigestKeyFile, []byte(strings.Repeat(letter, 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// reserve counts a message to one recipient, and returns how many the window held if it
// was full.
func reserve(t *testing.T, c Counter, id string, limit int) (used int) {
	t.Helper()
	count, err := c.Reserve(t.Context(), &quota.Reservation{
		Ticket:     quota.Ticket{Sender: "anne", ID: id},
		Windows:    []quota.Window{{Per: time.Hour, Recipients: limit, Count: quota.Copies}},
		Recipients: slices.Values([]string{id + "@example.org"}), N: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return count.Used
}

// While Redis is away, the store of one configuration and that of the next one count in
// one folder together, in either order of closing.
func TestOpenerWhileAnotherStoreIsInUse(t *testing.T) {
	dir := t.TempDir()
	var o Opener
	config := away(t, "k")
	before, err := o.Open(config, dir)
	if err != nil {
		t.Fatal(err)
	}
	reserve(t, before, "a", 10)
	config.Timeout = conf.Duration{Duration: time.Second}
	after, err := o.Open(config, dir)
	if err != nil {
		t.Fatal(err)
	}
	reserve(t, after, "b", 10)
	if err := before.Settle(t.Context(), quota.Ticket{Sender: "anne", ID: "a"}, true); err != nil {
		t.Error(err)
	}
	if err := before.Close(); err != nil {
		t.Error(err)
	}
	if used := reserve(t, after, "c", 2); used != 2 {
		t.Errorf("the next store knows of %d messages", used)
	}
	_, err = o.Open(away(t, "l"), dir)
	if m, ok := err.(*conf.Mistake); !ok || m.Key != "store" || !strings.Contains(m.Problem, "goes by another digest key") { //nolint:errorlint // it is the error itself
		t.Errorf("with another key: %v", err)
	}
	if err := after.Close(); err != nil {
		t.Error(err)
	}
	again, err := o.Open(config, dir)
	if err != nil {
		t.Fatal(err)
	}
	if used := reserve(t, again, "d", 2); used != 2 {
		t.Errorf("opened again, the store knows of %d messages", used)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
