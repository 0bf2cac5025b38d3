package counter

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// endpoint is a client of one address: of a server by itself or, as soon as that
// turns out, of the whole Cluster behind it. It turns out when the address is asked
// ([endpoint.recognise]), or else by the first key that is elsewhere (MOVED); so it
// costs no command a message, and does not matter whether Redis is there at the
// start.
type endpoint struct {
	*redis.Client // of the address
	options       *redis.UniversalOptions
	asked         atomic.Bool // what it is

	mu      sync.Mutex
	closed  bool
	cluster atomic.Pointer[redis.ClusterClient] // nil: not known to be one
}

func newEndpoint(options *redis.UniversalOptions) *endpoint {
	e := &endpoint{Client: redis.NewClient(options.Simple()), options: options}
	e.AddHook(redirect{e})
	return e
}

// becomeCluster returns the client of the Cluster that the address belongs to.
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

// recognise asks the address, once, whether it belongs to a Cluster. Without the
// permission (+cluster|slots) it is taken for a server by itself, until the first
// MOVED; so is a Cluster of one node, whose own idea of its address need not be one
// that we can reach. The error tells that nobody answers.
func (e *endpoint) recognise(ctx context.Context) error {
	if e.cluster.Load() != nil || e.asked.Load() {
		return nil
	}
	slots, err := e.ClusterSlots(ctx).Result() //nolint:staticcheck // SHARDS came with Redis 7.0, and the library needs SLOTS
	if err == nil {
		if nodesOf(slots) > 1 { // else it may not have joined the others yet
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

// redirect is the hook that sends an endpoint's commands to the Cluster. Those in
// a pipeline, of which we have none, go on as they are.
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
		case "auth", "client", "hello", "select": // of a connection that is being made
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

// clusterOf returns the client of the Cluster that another is one of; nil: it is of
// one server. The error tells that nobody answers.
func clusterOf(ctx context.Context, client redis.UniversalClient) (*redis.ClusterClient, error) {
	switch c := client.(type) {
	case *redis.ClusterClient:
		return c, nil
	case *endpoint:
		err := c.recognise(ctx)
		return c.cluster.Load(), err
	}
	return nil, nil
}

// forEachMaster calls do with the server or, of a Cluster, with every master that it
// has now, several at a time.
func (r *Redis) forEachMaster(ctx context.Context, do func(context.Context, redis.UniversalClient) error) error {
	cluster, err := clusterOf(ctx, r.client)
	if err != nil {
		return err
	}
	if cluster == nil {
		return do(ctx, r.client)
	}
	// It looks first who the masters are.
	return cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error { return do(ctx, master) })
}
