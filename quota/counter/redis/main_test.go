package redis

import (
	"testing"

	"github.com/rcptquota/rcptquota/quota/counter/countertest"
)

func TestMain(m *testing.M) { countertest.Main(m) }
