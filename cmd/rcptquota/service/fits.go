package service

import (
	"crypto/sha256"
	"maps"
	"os"
	"reflect"
	"slices"
)

// What is open fits another configuration if that would open the very same: the tables
// that describe it are equal, and so are the files that are read when it is opened.
// Passwords that are read at each connection do not matter.

// contents are digests of files, by path.
type contents map[string][sha256.Size]byte

// contentsOf reads files. One that cannot be read, or has no name, is left out: if it
// matters, that is told elsewhere.
func contentsOf(paths ...string) contents {
	all := contents{}
	for _, path := range paths {
		if text, err := os.ReadFile(path); err == nil {
			all[path] = sha256.Sum256(text)
		}
	}
	return all
}

// directoryFits reports whether the directory of p, which may be nil, fits next. That of
// a file does not if the file has changed, so that it is read, and checked, at once.
func (p *Parts) directoryFits(next *Parts) bool {
	if p == nil || !reflect.DeepEqual(p.Config.Directory, next.Config.Directory) {
		return false
	}
	if file, ok := p.Directory.(interface{ UpToDate() bool }); ok && !file.UpToDate() {
		return false
	}
	return slices.Equal(p.Config.Rules().MatchAttributes(), next.Config.Rules().MatchAttributes()) &&
		maps.Equal(p.directoryFiles, next.directoryFiles)
}

// rosterFits reports whether the roster of p, which may be nil, fits next, whose directory
// is open.
func (p *Parts) rosterFits(next *Parts) bool {
	return p != nil && p.directory == next.directory && p.sameStore(next) &&
		p.Config.Rules().HasPremium() == next.Config.Rules().HasPremium() &&
		reflect.DeepEqual(p.Config.Premium.Config, next.Config.Premium.Config)
}

// storeFits reports whether the store of p, which may be nil, fits next.
func (p *Parts) storeFits(next *Parts) bool {
	return p != nil && p.sameStore(next) && p.Config.Rules().HasWindows() == next.Config.Rules().HasWindows()
}

// historyStoreFits reports whether the store of decision records and grants of p, which may
// be nil, fits next. How long records are kept in it may change.
func (p *Parts) historyStoreFits(next *Parts) bool { return p != nil && p.sameStore(next) }

// historyFits reports whether what keeps decision records and grants fits next, whose
// store of them is open.
func (p *Parts) historyFits(next *Parts) bool {
	return p != nil && p.historyStore == next.historyStore && p.Config.History == next.Config.History &&
		p.History.relay == relayName(next.Config)
}

// sameStore reports whether both have their store described alike.
func (p *Parts) sameStore(next *Parts) bool {
	return p.Config.StateDir == next.Config.StateDir && reflect.DeepEqual(p.Config.Store, next.Config.Store) &&
		maps.Equal(p.storeFiles, next.storeFiles)
}
