package countertest

import (
	"testing"

	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"
)

// tryDial is a goroutine of go-redis that looks for a dead server, sleeps a second
// between attempts, and sees only then that its pool is closed.
const tryDial = "github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"

// Main runs the tests of a package, and fails if they leave a goroutine.
func Main(m *testing.M) {
	logging.Disable() // as the program does
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(tryDial))
}
