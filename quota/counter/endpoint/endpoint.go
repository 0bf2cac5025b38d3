package endpoint

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// endpoint is a client of one address. It starts as the client of a single server, and
// becomes that of a whole Cluster once the address turns out to belong to one: when it
// is asked ([endpoint.recognise]) or, failing that, at the first key that is on another
// node (MOVED). So a message costs no command more, and Redis need not be there at the
// start.
type endpoint struct {
	*redis.Client // of the address
	options       *redis.UniversalOptions
	asked         atomic.Bool // recognise has got its answer: a single server

	mu      sync.Mutex
	closed  bool
	cluster atomic.Pointer[redis.ClusterClient] // nil: not known to be one
}

func newEndpoint(options *redis.UniversalOptions) *endpoint {
	e := &endpoint{Client: redis.NewClient(options.Simple()), options: options}
	e.AddHook(redirect{e})
	return e
}

// becomeCluster returns the client of the Cluster that the address belongs to, which it
// makes if there is none yet. The error is [redis.ErrClosed].
func (e *endpoint) becomeCluster() (*redis.ClusterClient, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, redis.ErrClosed
	}
	if e.cluster.Load() == nil {
		e.cluster.Store(redis.NewClusterClient(e.options.Cluster()))
	}
	return e.cluster.Load(), nil
}

// recognise asks the address, until there is an answer, whether it belongs to a
// Cluster. Without the permission (+cluster|slots) it is taken for a single server until
// the first MOVED. So is a Cluster of one node, because the address that it announces
// need not be one that we can reach. The error means that nobody answers.
func (e *endpoint) recognise(ctx context.Context) error {
	if e.cluster.Load() != nil || e.asked.Load() {
		return nil
	}
	slots, err := e.ClusterSlots(ctx).Result() //nolint:staticcheck // SHARDS came with Redis 7.0, and the library needs SLOTS
	if err == nil {
		if nodesOf(slots) > 1 { // otherwise it may not have joined the others yet
			_, err = e.becomeCluster()
		}
		return err
	}
	if _, ok := errors.AsType[redis.Error](err); !ok {
		return err
	}
	if text := err.Error(); strings.Contains(text, "cluster support disabled") || strings.HasPrefix(text, "NOPERM") || strings.HasPrefix(text, "ERR unknown") {
		e.asked.Store(true)
	}
	return nil
}

// nodesOf counts the masters and replicas that serve the slots.
func nodesOf(slots []redis.ClusterSlot) int {
	nodes := map[string]struct{}{}
	for _, slot := range slots {
		for _, node := range slot.Nodes {
			nodes[node.Addr] = struct{}{}
		}
	}
	return len(nodes)
}

// Close implements [redis.UniversalClient].
func (e *endpoint) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	err := e.Client.Close()
	if cluster := e.cluster.Load(); cluster != nil {
		err = errors.Join(err, cluster.Close())
	}
	return err
}

// redirect is the hook that sends an endpoint's commands to the Cluster. Those in a pipeline
// it leaves where they are: use a script instead.
type redirect struct{ e *endpoint }

// DialHook implements [redis.Hook].
func (redirect) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook implements [redis.Hook].
func (redirect) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook implements [redis.Hook].
func (r redirect) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		switch cmd.Name() {
		case "auth", "client", "hello", "select": // commands of a new connection
			return next(ctx, cmd)
		}
		if cluster := r.e.cluster.Load(); cluster != nil {
			return cluster.Process(ctx, cmd)
		}
		err := next(ctx, cmd)
		_, moved := redis.IsMovedError(err)
		_, ask := redis.IsAskError(err)
		if !moved && !ask {
			return err
		}
		cluster, err := r.e.becomeCluster()
		if err != nil {
			return err
		}
		return cluster.Process(ctx, cmd)
	}
}

// ClusterOf returns the client of the Cluster if client belongs to one; nil: it belongs
// to a single server. The error means that nobody answers.
func ClusterOf(ctx context.Context, client redis.UniversalClient) (*redis.ClusterClient, error) {
	switch c := client.(type) {
	case *redis.ClusterClient:
		return c, nil
	case *endpoint:
		err := c.recognise(ctx)
		return c.cluster.Load(), err
	}
	return nil, nil
}

// ForEachMaster calls do with the server behind client or, in a Cluster, with each of
// its present masters, several at a time.
func ForEachMaster(ctx context.Context, client redis.UniversalClient, do func(context.Context, redis.UniversalClient) error) error {
	cluster, err := ClusterOf(ctx, client)
	if err != nil {
		return err
	}
	if cluster == nil {
		return do(ctx, client)
	}
	// ForEachMaster first asks the Cluster for its masters.
	return cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error { return do(ctx, master) })
}
