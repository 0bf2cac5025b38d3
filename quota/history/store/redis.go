package store

import (
	"context"
	"crypto/rand"
	_ "embed" // the scripts
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota/history"
)

// Keys, as append.lua and grants.lua explain them.
const (
	decisionsKey  = "rcptquota:{history}:decisions"
	referencesKey = "rcptquota:{history}:references"
	batchKey      = "rcptquota:{history}:batch:" // of a process
	grantsKey     = "rcptquota:{history}:grants"
)

var (
	//go:embed append.lua
	appendLua string
	//go:embed find.lua
	findLua string
	//go:embed grants.lua
	grantsLua string
	//go:embed change.lua
	changeLua string

	appendScript = redis.NewScript(appendLua)
	findScript   = redis.NewScript(findLua)
	grantsScript = redis.NewScript(grantsLua)
	changeScript = redis.NewScript(changeLua)
)

var errReply = errors.New("redis: the reply is not as expected")

// redisStore is the store in Redis.
type redisStore struct {
	client    redis.UniversalClient
	retention *retention
	process   string // names this process

	mu      sync.Mutex
	version string // of the grants read last
	grants  []history.Grant
}

func newRedis(client redis.UniversalClient, config history.Config) *redisStore {
	return &redisStore{client: client, retention: newRetention(config), process: rand.Text()}
}

// Append implements [history.Writer].
func (r *redisStore) Append(ctx context.Context, records []history.Record) error {
	b, err := encode(records)
	if err != nil {
		return err
	}
	args := []any{b.token}
	for i, text := range b.records {
		args = append(args, records[i].QueueID, text)
	}
	_, err = r.append(ctx, len(records), args...)
	return err
}

// Trim implements [history.Writer].
func (r *redisStore) Trim(ctx context.Context) (more bool, err error) { return r.append(ctx, 0, "") }

func (r *redisStore) append(ctx context.Context, n int, batch ...any) (more bool, err error) {
	keys := []string{decisionsKey, referencesKey, batchKey + r.process}
	config := r.retention.Load()
	args := append([]any{config.Keep.Milliseconds(), config.Records, n + trimStep}, batch...)
	reply, err := appendScript.Run(ctx, r.client, keys, args...).Int()
	return reply == 1, fail(err)
}

// Find implements [history.Reader].
func (r *redisStore) Find(ctx context.Context, queueID string) ([]history.Record, error) {
	if !isReference(queueID) {
		return nil, nil
	}
	texts, err := findScript.Run(ctx, r.client, []string{decisionsKey, referencesKey}, queueID, history.MaxFound).StringSlice()
	if err != nil {
		return nil, fail(err)
	}
	records := make([]history.Record, len(texts))
	for i, text := range texts {
		if records[i], err = decode([]byte(text)); err != nil {
			return nil, fail(err)
		}
	}
	return records, nil
}

// Page implements [history.Reader].
func (r *redisStore) Page(ctx context.Context, p history.Page) ([]history.Entry, error) {
	var messages []redis.XMessage
	var err error
	from := "(" + p.Cursor
	switch {
	case p.Newer && p.Cursor == "":
		messages, err = r.client.XRangeN(ctx, decisionsKey, "-", "+", int64(p.Most)).Result()
	case p.Newer:
		messages, err = r.client.XRangeN(ctx, decisionsKey, from, "+", int64(p.Most)).Result()
	case p.Cursor == "":
		messages, err = r.client.XRevRangeN(ctx, decisionsKey, "+", "-", int64(p.Most)).Result()
	default:
		messages, err = r.client.XRevRangeN(ctx, decisionsKey, from, "-", int64(p.Most)).Result()
	}
	if err != nil {
		return nil, fail(err)
	}
	entries := make([]history.Entry, len(messages))
	for i, m := range messages {
		if entries[i], err = entryOf(m); err != nil {
			return nil, fail(err)
		}
	}
	return entries, nil
}

func entryOf(m redis.XMessage) (e history.Entry, err error) {
	text, _ := m.Values["record"].(string)
	milliseconds, _, _ := strings.Cut(m.ID, "-")
	stored, err := strconv.ParseInt(milliseconds, 10, 64)
	if err != nil {
		return history.Entry{}, err
	}
	e = history.Entry{Cursor: m.ID, Stored: time.UnixMilli(stored)}
	e.Record, err = decode([]byte(text))
	return e, err
}

// Grants implements [history.Ledger].
func (r *redisStore) Grants(ctx context.Context) ([]history.Grant, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	reply, err := grantsScript.Run(ctx, r.client, []string{grantsKey}, r.version).StringSlice()
	switch {
	case err != nil:
		return nil, fail(err)
	case len(reply) == 0:
		return nil, errReply
	case reply[0] == r.version:
		return r.grants, nil
	}
	grants := make([]history.Grant, len(reply)-1)
	for i, text := range reply[1:] {
		if err := json.Unmarshal([]byte(text), &grants[i]); err != nil {
			return nil, fail(err)
		}
	}
	r.version, r.grants = reply[0], grants
	return grants, nil
}

// Now implements [history.Clock].
func (r *redisStore) Now(ctx context.Context) (time.Time, error) {
	now, err := r.client.Time(ctx).Result()
	return now, fail(err)
}

// Change implements [history.Ledger].
func (r *redisStore) Change(ctx context.Context, remove []string, add ...history.Grant) error {
	args := []any{rand.Text(), history.MaxGrants, len(remove)}
	for _, id := range remove {
		args = append(args, id)
	}
	for i := range add {
		text, err := json.Marshal(&add[i])
		if err != nil {
			return err
		}
		args = append(args, add[i].ID, text)
	}
	changed, err := changeScript.Run(ctx, r.client, []string{grantsKey}, args...).Int()
	if err == nil && changed == 0 {
		return history.ErrTooManyGrants
	}
	return fail(err)
}

func fail(err error) error {
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}
