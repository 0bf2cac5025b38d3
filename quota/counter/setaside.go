package counter

import (
	"context"
	_ "embed" // the script
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// asideFor is how long a damaged key is kept aside, for somebody to look at.
const asideFor = 7 * 24 * time.Hour

//go:embed aside.lua
var asideLua string

var asideScript = redis.NewScript(asideLua)

// setAside renames those of the sender's keys that are of a wrong type: they get
// ":damaged" at the end of their names, and expire after [asideFor]. It returns how
// many; none, where the types are right, and the values are not ours. An ACL
// user needs +type and +rename for it, beyond what counting needs.
func (r *Redis) setAside(ctx context.Context, sender string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	keys := r.keys(sender)
	for _, key := range r.keys(sender) {
		keys = append(keys, key+":damaged")
	}
	n, err := asideScript.Run(ctx, r.client, keys, asideFor.Milliseconds()).Int()
	return n, r.fail(err)
}

// damaged adds to an error of a sender's data the keys that hold them, since they
// do not name the sender.
func (r *Redis) damaged(sender string, err error) error {
	return fmt.Errorf("what Redis holds of this sender (%s*) cannot be worked with: %w", strings.TrimSuffix(r.keys(sender)[0], "reached"), err)
}
