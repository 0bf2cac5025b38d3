package local

import (
	"testing"

	"github.com/rcptquota/rcptquota/quota/counter/countertest"
)

func TestUsage(t *testing.T) {
	l := openLocal(t, t.TempDir())
	defer closeLocal(t, l)
	countertest.Usage(t, l)
}
