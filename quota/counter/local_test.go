package counter

import (
	"testing"
	"testing/synctest"
	"time"
)

func openLocal(t testing.TB, dir string) *Local {
	t.Helper()
	l, err := OpenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLocalAgainstModel(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := openLocal(t, dir)
		compare(t, l, 50*time.Millisecond, *steps, time.Sleep) //nolint:forbidigo // the bubble's clock
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
