package history

import (
	"context"
	"iter"
	"time"
)

const (
	// pageSize is how many records are read at a time.
	pageSize = 500
	// followEvery is how often a follower looks for new records.
	followEvery = 500 * time.Millisecond
)

// Search yields the records that are asked for, the newest first. Records that could not
// be stored at once are among those of the time when they were. An error ends it.
func Search(ctx context.Context, store Reader, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		page := Page{Most: pageSize}
		for {
			entries, err := store.Page(ctx, page)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for i := range entries {
				if entries[i].Stored.Before(q.Since) {
					return // the earlier ones are older still
				}
				if q.Matches(&entries[i].Record) && !yield(entries[i].Record, nil) {
					return
				}
			}
			if len(entries) < pageSize {
				return
			}
			page.Cursor = entries[len(entries)-1].Cursor
		}
	}
}

// Follow yields the records that are asked for as they are stored, from now on, until ctx
// ends. It yields an error, too, each time that it finds the store away, and goes on.
func Follow(ctx context.Context, store Reader, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		var cursor *string // nil: not known yet
		tick := time.NewTicker(followEvery)
		defer tick.Stop()
		for {
			entries, err := next(ctx, store, &cursor)
			if ctx.Err() != nil || err != nil && !yield(Record{}, err) {
				return
			}
			for i := range entries {
				if q.Matches(&entries[i].Record) && !yield(entries[i].Record, nil) {
					return
				}
			}
			if len(entries) == pageSize {
				continue
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
}

// next returns the records stored since cursor, and moves it on. At first it is put at
// the newest record.
func next(ctx context.Context, store Reader, cursor **string) ([]Entry, error) {
	if *cursor == nil {
		newest, err := store.Page(ctx, Page{Most: 1})
		if err != nil {
			return nil, err
		}
		*cursor = new(string)
		if len(newest) > 0 {
			**cursor = newest[0].Cursor
		}
		return nil, nil
	}
	entries, err := store.Page(ctx, Page{Cursor: **cursor, Newer: true, Most: pageSize})
	if len(entries) > 0 {
		**cursor = entries[len(entries)-1].Cursor
	}
	return entries, err
}
