package random

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
)

const variable = "RCPTQUOTA_TEST_SEED"

// New returns the numbers of a test, and logs the seed. They depend on the seed and the
// test's name alone. Goroutines may share them; what each of them gets then depends on
// their order, unless each has its own by [Split].
func New(t testing.TB) *rand.Rand {
	t.Helper()
	seed, err := seed()
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	t.Logf("random numbers of %s=%d", variable, seed)
	name := fnv.New64a()
	_, _ = name.Write([]byte(t.Name()))
	return rand.New(&shared{source: rand.NewPCG(seed, name.Sum64())})
}

// Split returns numbers of their own for a goroutine.
func Split(r *rand.Rand) *rand.Rand { return rand.New(rand.NewPCG(r.Uint64(), r.Uint64())) }

// seed is the run's.
var seed = sync.OnceValues(func() (uint64, error) {
	if text := os.Getenv(variable); text != "" {
		return strconv.ParseUint(text, 10, 64)
	}
	return rand.Uint64(), nil
})

// shared is a source that goroutines may share.
type shared struct {
	mu     sync.Mutex
	source rand.Source
}

func (s *shared) Uint64() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Uint64()
}
