package local

import (
	"testing"

	"go.uber.org/goleak"
)

// tryDial is a goroutine of go-redis that looks for a dead server, sleeps a second
// between attempts, and sees only then that its pool is closed.
const tryDial = "github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(tryDial)) }
