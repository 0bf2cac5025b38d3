package service

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota/history"
	"github.com/rcptquota/rcptquota/test/servers"
)

// Grants and decision records in state_dir are there after a reload that opens the store
// anew, though a message is under way that needs the configuration before.
func TestReloadKeepsTheHistoryFile(t *testing.T) {
	r := start(t, listen+windows)
	if err := os.WriteFile(filepath.Join(r.dir, "key"), []byte(strings.Repeat("k", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := history.NewGrant(history.Grant{Login: "anne", Recipients: 7, Until: time.Now().Add(time.Hour), Why: "a trip"}, time.Now())
	if err == nil {
		err = r.InForce().History.Book.Add(t.Context(), g)
	}
	if err != nil {
		t.Fatal(err)
	}
	m := dialMTA(t, r.socket())
	if answer := m.data("anne", 1); answer != "c" {
		t.Fatal(answer)
	}
	redis := "[store]\nkind = \"redis\"\nunavailable = \"defer\"\naddresses = [\"127.0.0.1:1\"]\ndigest_key_file = \"$D/key\"\n"
	for i, config := range []string{
		listen + windows + "[store]\nunavailable = \"defer\"\n", // another one, and embedded all the same
		listen + windows + redis,
		listen + windows,
		"state_dir = \"$D/other\"\n" + listen + windows,
		listen + windows,
	} {
		r.reloads(config)
		h := r.InForce().History
		h.Recorder.Add(history.Record{QueueID: fmt.Sprint("4F", i), Recipients: i})
		if strings.Contains(config, "redis") || strings.Contains(config, "other") {
			continue
		}
		if granted, err := h.Book.Granted("anne", "", time.Now()); granted != 7 || err != nil {
			t.Errorf("step %d: granted %d, %v", i, granted, err)
		}
		if !servers.Wait(func() bool { found, _ := h.Records.Find(t.Context(), fmt.Sprint("4F", i)); return len(found) == 1 }) {
			t.Errorf("step %d: the record is not stored: %v", i, h.Recorder.Problem())
		}
	}
	m.abort()
	if log := r.log.String(); strings.Contains(log, "history.db") {
		t.Error(log)
	}
}

// How long decision records are kept, and how many, holds from the reload on.
func TestReloadOfTheRetention(t *testing.T) {
	r := start(t, listen)
	stored := func() (n int) {
		for _, err := range history.Search(t.Context(), r.InForce().History.Records, history.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	for i := range 10 {
		r.InForce().History.Recorder.Add(history.Record{Sender: fmt.Sprint("user", i), Recipients: i})
	}
	if !servers.Wait(func() bool { return stored() == 10 }) {
		t.Fatalf("%d are stored", stored())
	}
	for i, step := range []struct {
		table string
		want  int
	}{{"keep = \"24h\"", 11}, {"records = 4", 4}, {"records = 2", 2}, {"records = 3", 3}} {
		r.reloads(listen + "[history]\n" + step.table + "\n")
		r.InForce().History.Recorder.Add(history.Record{Sender: "new", Recipients: 100 + i})
		if !servers.Wait(func() bool { return stored() == step.want }) {
			t.Errorf("%s: %d are stored", step.table, stored())
		}
	}
}
