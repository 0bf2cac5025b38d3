package period

import (
	"strings"
	"testing"
	"time"
)

func TestParseFuture(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 28, 17, 30, 0, 0, paris) // the clocks go forward that night
	for text, want := range map[string]string{
		"18:00": "2026-03-28 18:00", "17:30": "2026-03-29 17:30", "9:05": "2026-03-29 09:05",
		"today": "2026-03-29 00:00", "Tomorrow": "2026-03-30 00:00", "tonight": "2026-03-29 00:00",
		"2026-03-31": "2026-04-01 00:00", "2026-03-31 12:00": "2026-03-31 12:00", "2026-03-31T12:00:00Z": "2026-03-31 14:00",
		"90m": "2026-03-28 19:00", "24h": "2026-03-29 18:30", "1d": "2026-03-29 17:30", "2w": "2026-04-11 17:30",
	} {
		got, err := ParseFuture(text, now)
		if err != nil || got.In(paris).Format("2006-01-02 15:04") != want {
			t.Errorf("%s: %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "-2h", "-1d", "25:00", "d", "2026-02-30"} {
		if got, err := ParseFuture(text, now); err == nil || !strings.HasPrefix(err.Error(), `"`+text+`" is no time; write "18:00"`) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}
