package store

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/history"
	"github.com/rcptquota/rcptquota/test/random"
)

// opener opens a store, the same each time, and closes it with the test unless the test
// does.
type opener func(t *testing.T, config history.Config) Store

// contract is a part of the contract, held to an empty store.
type contract struct {
	*testing.T
	open opener
}

// testStore holds a store to what package history says of its interfaces. Each part gets
// a new store.
func testStore(t *testing.T, empty func(t *testing.T) opener) {
	t.Helper()
	for name, part := range map[string]func(contract){
		"records":            contract.records,
		"a batch twice":      contract.batchTwice,
		"pages":              contract.pages,
		"too many":           contract.tooMany,
		"too old":            contract.tooOld,
		"model":              contract.model,
		"grants":             contract.grants,
		"too many grants":    contract.tooManyGrants,
		"search and follow":  contract.search,
		"nothing was stored": contract.nothing,
	} {
		t.Run(name, func(t *testing.T) { part(contract{t, empty(t)}) })
	}
}

// many is a configuration under which nothing is forgotten.
var many = history.DefaultConfig()

func at(minute int) time.Time { return time.Date(2026, 11, 25, 10, minute, 0, 0, time.UTC) }

// full has something in each field.
var full = history.Record{
	Time: at(0), Relay: "mx1", QueueID: "4Fxy", Action: "deferred", Reason: "window", Sender: "mdurand", Class: "entmip",
	Recipients: 120, Limit: 500, Granted: 100, Window: conf.Duration{Duration: 24 * time.Hour}, Count: "distinct", Used: 450, RetryAt: at(30),
	List: "profs@listes.ac-test.fr", Members: 3, Visible: 40, FromCheck: "envelope", Premium: true, Unknown: true, Degraded: true,
	Client: netip.MustParseAddr("192.0.2.1"), Role: "submission", Reply: "450 4.7.1 En 24 h \"vous\" avez ecrit à <450>\x00",
}

func TestTheExampleIsFull(t *testing.T) {
	v := reflect.ValueOf(full)
	for field, value := range v.Fields() {
		if value.IsZero() {
			t.Errorf("%s is empty", field.Name)
		}
	}
}

func appendAll(t *testing.T, s Store, records ...history.Record) {
	t.Helper()
	if err := s.Append(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

func wantFound(t *testing.T, s Store, queueID string, want ...history.Record) {
	t.Helper()
	got, err := s.Find(t.Context(), queueID)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q: found %+v, %v; want %+v", queueID, got, err, want)
	}
}

// records: what is appended is found by its reference, on whichever relay it was and
// however often the reference was used; and after a restart.
func (c contract) records() {
	s := c.open(c.T, many)
	other := history.Record{Time: at(1), Relay: "mx2", QueueID: "4Fxy", Action: "refused", Recipients: 1}
	longer := history.Record{Time: at(2), Relay: "mx2", QueueID: "4FxyZ", Action: "refused", Recipients: 1}
	none := history.Record{Time: at(3), Relay: "mx2", Action: "refused", Recipients: 1}
	appendAll(c.T, s, full, longer)
	appendAll(c.T, s, other, none)
	for range 2 {
		wantFound(c.T, s, "4Fxy", other, full)
		wantFound(c.T, s, "4FxyZ", longer)
		for _, absent := range []string{"", "4F", "4fxy", "4FxyZ\x00", "4FxyZZ", strings.Repeat("x", 1000)} {
			if got, err := s.Find(c.Context(), absent); len(got) > 0 || err != nil {
				c.Errorf("%q: found %+v, %v", absent, got, err)
			}
		}
		if err := s.Close(); err != nil {
			c.Fatal(err)
		}
		s = c.open(c.T, many)
	}
	for i := range history.MaxFound {
		appendAll(c.T, s, history.Record{Time: at(4), QueueID: "4Fxy", Recipients: i})
	}
	if got, err := s.Find(c.Context(), "4Fxy"); len(got) != history.MaxFound || got[0].Recipients != history.MaxFound-1 || err != nil {
		c.Errorf("of a reference used too often: %d, %v", len(got), err)
	}
}

// batchTwice: appending again what may have been stored does not store it twice.
func (c contract) batchTwice() {
	s := c.open(c.T, many)
	appendAll(c.T, s, full)
	appendAll(c.T, s, full)
	wantFound(c.T, s, "4Fxy", full)
}

func all(t *testing.T, s Store, p history.Page) (recipients []int) {
	t.Helper()
	var last time.Time
	for {
		entries, err := s.Page(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			recipients = append(recipients, e.Recipients)
			if !last.IsZero() && (p.Newer && e.Stored.Before(last) || !p.Newer && e.Stored.After(last)) {
				t.Errorf("%v after %v", e.Stored, last)
			}
			p.Cursor, last = e.Cursor, e.Stored
		}
		if len(entries) < p.Most {
			return recipients
		}
	}
}

// pages: every record is on one page, in both directions, whatever is appended
// meanwhile.
func (c contract) pages() {
	s := c.open(c.T, many)
	var up []int
	for i := range 10 {
		appendAll(c.T, s, history.Record{Time: at(i), Recipients: 2 * i}, history.Record{Time: at(i), Recipients: 2*i + 1})
		up = append(up, 2*i, 2*i+1)
	}
	down := slices.Clone(up)
	slices.Reverse(down)
	for _, most := range []int{1, 3, 20, 100} {
		if got := all(c.T, s, history.Page{Newer: true, Most: most}); !slices.Equal(got, up) {
			c.Errorf("pages of %d: %v", most, got)
		}
		if got := all(c.T, s, history.Page{Most: most}); !slices.Equal(got, down) {
			c.Errorf("pages of %d, newest first: %v", most, got)
		}
	}
	newest, err := s.Page(c.Context(), history.Page{Most: 1})
	if err != nil || len(newest) != 1 {
		c.Fatal(newest, err)
	}
	cursor := newest[0].Cursor
	if got := all(c.T, s, history.Page{Newer: true, Cursor: cursor, Most: 5}); len(got) != 0 {
		c.Errorf("newer than the newest: %v", got)
	}
	appendAll(c.T, s, history.Record{Recipients: 20})
	if got := all(c.T, s, history.Page{Newer: true, Cursor: cursor, Most: 5}); !slices.Equal(got, []int{20}) {
		c.Errorf("newer than the newest: %v", got)
	}
	if got := all(c.T, s, history.Page{Cursor: cursor, Most: 5}); !slices.Equal(got, down[1:]) {
		c.Errorf("older than what was the newest: %v", got)
	}
}

// tooMany: never more than configured stay, and the index has no more either.
func (c contract) tooMany() {
	config := many
	config.Records = 10
	s := c.open(c.T, config)
	for i := range 7 {
		var records []history.Record
		for j := range 5 {
			records = append(records, history.Record{QueueID: strconv.Itoa(5*i + j), Recipients: 5*i + j})
		}
		appendAll(c.T, s, records...)
	}
	if got := all(c.T, s, history.Page{Newer: true, Most: 100}); !slices.Equal(got, []int{25, 26, 27, 28, 29, 30, 31, 32, 33, 34}) {
		c.Errorf("stayed: %v", got)
	}
	wantFound(c.T, s, "34", history.Record{QueueID: "34", Recipients: 34})
	if got, err := s.Find(c.Context(), "24"); len(got) > 0 || err != nil {
		c.Errorf("found %+v, %v", got, err)
	}
	// Fewer are configured later.
	config.Records = 2
	s.Retain(config)
	trimAll(c.T, s)
	if got := all(c.T, s, history.Page{Newer: true, Most: 100}); !slices.Equal(got, []int{33, 34}) {
		c.Errorf("stayed: %v", got)
	}
}

func trimAll(t *testing.T, s Store) (times int) {
	t.Helper()
	for more := true; more; times++ {
		var err error
		if more, err = s.Trim(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return times
}

// tooOld: what is too old goes, a part at a time, with the next record or without.
func (c contract) tooOld() {
	s := c.open(c.T, many)
	var records []history.Record
	for i := range 3*trimStep + 10 {
		records = append(records, history.Record{QueueID: strconv.Itoa(i), Recipients: i})
	}
	appendAll(c.T, s, records...)
	if trimAll(c.T, s) != 1 || len(all(c.T, s, history.Page{Most: 1000})) != len(records) {
		c.Error("what is not old is gone")
	}
	if err := s.Close(); err != nil {
		c.Fatal(err)
	}
	brief := many
	brief.Keep.Duration = 10 * time.Millisecond
	s = c.open(c.T, brief)
	<-time.After(2 * brief.Keep.Duration)
	appendAll(c.T, s, history.Record{QueueID: "new", Recipients: -1})
	if n := len(all(c.T, s, history.Page{Most: 1000})); n != len(records)-trimStep {
		c.Errorf("%d stayed", n)
	}
	<-time.After(2 * brief.Keep.Duration)
	if times := trimAll(c.T, s); times != 3 {
		c.Errorf("trimmed %d times", times)
	}
	if got := all(c.T, s, history.Page{Most: 100}); len(got) > 0 {
		c.Errorf("stayed: %v", got)
	}
	for _, id := range []string{"0", "500", "new"} {
		if got, err := s.Find(c.Context(), id); len(got) > 0 || err != nil {
			c.Errorf("found %+v, %v", got, err)
		}
	}
}

// model compares a store with a slice, over random batches.
func (c contract) model() {
	numbers := random.New(c.T)
	config := many
	config.Records = 50
	s := c.open(c.T, config)
	var model []history.Record
	for step := range 200 {
		var batch []history.Record
		for range 1 + numbers.IntN(8) {
			batch = append(batch, history.Record{Time: at(step % 60), QueueID: fmt.Sprintf("Q%d", numbers.IntN(30)), Recipients: step, Used: len(batch)})
		}
		appendAll(c.T, s, batch...)
		if numbers.IntN(4) == 0 {
			appendAll(c.T, s, batch...) // once more
		}
		model = append(model, batch...)
		model = model[max(0, len(model)-config.Records):]
		id := fmt.Sprintf("Q%d", numbers.IntN(30))
		var want []history.Record
		for _, r := range slices.Backward(model) {
			if r.QueueID == id {
				want = append(want, r)
			}
		}
		got, err := s.Find(c.Context(), id)
		if err != nil || !slices.Equal(got, want) {
			c.Fatalf("step %d, %s: %+v, %v; want %+v", step, id, got, err, want)
		}
	}
	if got := all(c.T, s, history.Page{Most: 7}); len(got) != config.Records {
		c.Errorf("%d stayed", len(got))
	}
}

// search reads a store as the commands do.
func (c contract) search() {
	s := c.open(c.T, many)
	var records []history.Record
	for i := range 1200 { // several pages
		records = append(records, history.Record{Time: time.Now(), Sender: []string{"anne", "zoe"}[i%2], Reason: "window", Recipients: i})
	}
	appendAll(c.T, s, records[:700]...)
	appendAll(c.T, s, records[700:]...)
	n := 0
	for r, err := range history.Search(c.Context(), s, history.Query{Sender: "Zoe"}) {
		if want := 1199 - 2*n; err != nil || r.Recipients != want {
			c.Fatalf("%d, %v; want %d", r.Recipients, err, want)
		}
		n++
	}
	if n != 600 {
		c.Errorf("found %d", n)
	}
}

// nothing: a store in which nothing was ever stored is empty.
func (c contract) nothing() {
	s := c.open(c.T, many)
	wantGrants(c.T, s)
	if trimAll(c.T, s) != 1 {
		c.Error("there is something to trim")
	}
	if got := all(c.T, s, history.Page{Most: 10}); len(got) > 0 {
		c.Error(got)
	}
	if got, err := s.Find(c.Context(), "4Fxy"); len(got) > 0 || err != nil {
		c.Error(got, err)
	}
	if err := s.Change(c.Context(), []string{"nobody"}); err != nil {
		c.Error(err)
	}
	wantGrants(c.T, s)
}
