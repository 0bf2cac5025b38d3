package service

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/ldapcache"
	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota/counter"
	"github.com/rcptquota/rcptquota/quota/counter/local"
)

// Status is the status of a running rcptquota.
type Status struct {
	Version string    `json:"version"`
	PID     int       `json:"pid"`
	Relay   string    `json:"relay,omitempty"` // hostname, if it is configured
	Started time.Time `json:"started"`
	// Problems are what does not work as it should, each in one sentence. Degraded is
	// whether there are some.
	Degraded bool     `json:"degraded"`
	Problems []string `json:"problems,omitempty"`

	Config      ConfigStatus     `json:"config"`
	LastReload  *ReloadStatus    `json:"last_reload"`
	Listeners   []ListenerStatus `json:"listeners"`
	Connections int              `json:"connections"` // of Postfix, now
	Directory   DirectoryStatus  `json:"directory"`
	Store       StoreStatus      `json:"store"`
	Roster      *RosterStatus    `json:"roster,omitempty"` // absent: none is kept
	History     HistoryStatus    `json:"history"`
	Log         LogStatus        `json:"log"`
}

// ConfigStatus is about the configuration in force.
type ConfigStatus struct {
	Path   string    `json:"path"`
	Loaded time.Time `json:"loaded"`
	// LoadedBy is who asked for the reload that read it, or "SIGHUP"; absent: the start did.
	LoadedBy string `json:"loaded_by,omitempty"`
	// Changed is when the file was changed since; absent if it was not.
	Changed time.Time `json:"changed,omitzero"`
	Enforce bool      `json:"enforce"`
	Classes []string  `json:"classes"`
}

// ListenerStatus is about one socket to which Postfix connects.
type ListenerStatus struct {
	Address string `json:"address"`
	Role    string `json:"role"`
	// Unended is how many messages passed at DATA and did not reach their end.
	Unended uint64 `json:"unended"`
}

// DirectoryStatus is about the directory.
type DirectoryStatus struct {
	Source  string         `json:"source"`
	Servers []ServerStatus `json:"servers,omitempty"` // of LDAP
	Senders int            `json:"senders,omitempty"` // remembered, with LDAP
	Lists   int            `json:"lists,omitempty"`   // the same
	Problem string         `json:"problem,omitempty"` // of a directory in a file
}

// ServerStatus is about one LDAP server.
type ServerStatus struct {
	URL string `json:"url"`
	// Up is false from a failure on until the server has answered again.
	Up    bool `json:"up"`
	InUse bool `json:"in_use"`
}

// StoreStatus is about the counts of the windows.
type StoreStatus struct {
	// Kind is "embedded" or "redis"; "none" where no class has windows.
	Kind      string   `json:"kind"`
	Addresses []string `json:"addresses,omitempty"`
	// Problem is why Redis is not asked, or why counts are not saved.
	Problem string `json:"problem,omitempty"`
}

// RosterStatus is about the roster of premium senders.
type RosterStatus struct {
	// Premium is how many are premium now; absent if that is not known.
	Premium *int      `json:"premium,omitempty"`
	Copied  time.Time `json:"copied,omitzero"`
	Effect  time.Time `json:"effect,omitzero"`
	// Doubt is "none", "unavailable", "clock" or "nearly_empty".
	Doubt string `json:"doubt"`
}

// HistoryStatus is about decision records and grants.
type HistoryStatus struct {
	// Waiting and Lost are how many decision records wait to be stored, and were lost.
	Waiting int    `json:"waiting"`
	Lost    uint64 `json:"lost"`
	// Problem is why they cannot be stored.
	Problem string `json:"problem,omitempty"`
	// Grants is how many there are now, and GrantsProblem why there may be others.
	Grants        int    `json:"grants"`
	GrantsProblem string `json:"grants_problem,omitempty"`
}

// LogStatus is about records that wait to be written, and those that were dropped.
type LogStatus struct {
	Waiting int    `json:"waiting"`
	Dropped uint64 `json:"dropped"`
}

// status answers GET /status.
func (s *Service) status(*http.Request) (*Status, error) {
	p := s.InForce()
	st := &Status{
		Version: s.version, PID: os.Getpid(), Relay: p.Config.Hostname, Started: s.started,
		Config:      s.configStatus(p),
		LastReload:  s.lastReload.Load(),
		Connections: s.server.Connections(),
		Directory:   directoryStatus(p),
		Store:       storeStatus(p),
		Roster:      rosterStatus(p.Roster.keeper()),
		History:     historyStatus(p.History),
		Log:         LogStatus{Waiting: s.logs.Length(), Dropped: s.logs.Dropped()},
	}
	for _, l := range p.Config.Listen {
		st.Listeners = append(st.Listeners, ListenerStatus{l.Address, l.MessageRole().String(), s.server.Unended(l.Address)})
	}
	st.Problems = st.problems()
	st.Degraded = len(st.Problems) > 0
	return st, nil
}

func (s *Service) configStatus(p *Parts) ConfigStatus {
	c := ConfigStatus{Path: s.path, Loaded: p.Loaded, LoadedBy: p.LoadedBy, Enforce: p.Config.Enforce, Classes: p.Config.Rules().Summary()}
	if info, err := os.Stat(s.path); err == nil && info.ModTime().After(p.Loaded) {
		c.Changed = info.ModTime()
	}
	return c
}

func directoryStatus(p *Parts) DirectoryStatus {
	d := DirectoryStatus{Source: p.Config.Directory.Source}
	switch directory := p.Directory.(type) {
	case *ldapcache.Cached:
		stats := directory.Stats()
		d.Senders, d.Lists = stats.Senders.Entries, stats.Lists.Entries
		for _, server := range stats.Servers {
			d.Servers = append(d.Servers, ServerStatus(server))
		}
	case interface{ Fault() error }:
		d.Problem = text(directory.Fault())
	}
	return d
}

func storeStatus(p *Parts) StoreStatus {
	switch store := p.Counter.(type) {
	case *counter.Fallback:
		return StoreStatus{"redis", p.Config.Store.Addresses, text(store.Away())}
	case *local.Store:
		return StoreStatus{"embedded", nil, text(store.Unsaved())}
	}
	return StoreStatus{Kind: "none"}
}

func historyStatus(h *History) HistoryStatus {
	grants, err := h.Book.Grants(time.Now())
	st := HistoryStatus{Grants: len(grants), GrantsProblem: text(err)}
	if h.Recorder != nil {
		st.Waiting, st.Lost, st.Problem = h.Recorder.Waiting(), h.Recorder.Lost(), text(h.Recorder.Problem())
	}
	return st
}

func rosterStatus(keeper *roster.Keeper) *RosterStatus {
	if keeper == nil {
		return nil
	}
	r := &RosterStatus{Doubt: keeper.Doubt().String()}
	if c := keeper.InEffect(); c != nil {
		n := len(c.Elected)
		r.Premium, r.Copied, r.Effect = &n, c.Taken, c.Effect
	}
	return r
}

// problems are what does not work as it should.
func (st *Status) problems() (all []string) {
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if st.LastReload.Error != "" {
		add("the last reload failed, and the previous configuration stays in force: %s", strings.ReplaceAll(st.LastReload.Error, "\n", "; "))
	}
	for _, server := range st.Directory.Servers {
		if !server.Up {
			add("LDAP server %s is away", server.URL)
		}
	}
	if len(st.Directory.Servers) > 0 && st.Directory.up() == 0 {
		add("no LDAP server answers: what depends on the directory is decided by what was last known, or deferred")
	}
	if st.Directory.Problem != "" {
		add("the directory cannot be used as it is now: %s", st.Directory.Problem)
	}
	if st.Store.Problem != "" {
		add("the counts' store: %s", st.Store.Problem)
	}
	if r := st.Roster; r != nil && r.Doubt != roster.Sure.String() {
		add("the roster of premium senders is in doubt: %s", doubtInWords(r.Doubt, &st.Directory, &st.Store))
	}
	if h := st.History; h.Problem != "" {
		add("decision records cannot be stored (%d wait, %d were lost): %s", h.Waiting, h.Lost, h.Problem)
	}
	if st.History.GrantsProblem != "" {
		add("%s", st.History.GrantsProblem)
	}
	if st.Log.Dropped > 0 {
		add("%d log records were dropped since the start, because the log could not be written", st.Log.Dropped)
	}
	return all
}

// text is an error in one line: errors that were joined have a line each.
func text(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}
