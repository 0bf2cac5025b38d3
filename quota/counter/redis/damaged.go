package redis

import (
	"context"
	_ "embed" // the script
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// asideFor is how long a damaged key is kept for somebody to look at.
const asideFor = 7 * 24 * time.Hour

//go:embed aside.lua
var asideLua string

var asideScript = redis.NewScript(asideLua)

// SetAside renames those of the sender's keys that have a wrong type: ":damaged" is
// added to their names, and they expire after [asideFor]. It returns how many there
// were; 0 if the types are right, so that a value must be damaged. Beyond what counting
// needs, an ACL user needs +type and +rename for it.
func (r *Store) SetAside(ctx context.Context, sender string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	keys := r.Keys(sender)
	for _, key := range r.Keys(sender) {
		keys = append(keys, key+":damaged")
	}
	n, err := asideScript.Run(ctx, r.client, keys, asideFor.Milliseconds()).Int()
	return n, r.fail(err)
}

// Damaged adds to an error the names of the keys that hold the sender's data: from the
// login, an administrator could not tell them.
func (r *Store) Damaged(sender string, err error) error {
	return fmt.Errorf("what Redis holds of this sender (%s*) is unusable: %w", strings.TrimSuffix(r.Keys(sender)[0], "reached"), err)
}
