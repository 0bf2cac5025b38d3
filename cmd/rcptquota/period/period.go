package period

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Forms says what [Parse] understands, for help texts.
const Forms = `"2026-11-25", "2026-11-25 16:30", RFC 3339, "today", "yesterday", or how long ago: "90m", "24h", "7d", "4w"`

// layouts are in the location of the moment that Parse is given.
var layouts = []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}

// Parse reads a time, in one of the [Forms], as seen at the moment now and in its location.
func Parse(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	year, month, day := now.Date()
	switch strings.ToLower(text) {
	case "now":
		return now, nil
	case "today":
		return time.Date(year, month, day, 0, 0, 0, 0, now.Location()), nil
	case "yesterday":
		return time.Date(year, month, day-1, 0, 0, 0, 0, now.Location()), nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if n := len(text) - 1; n > 0 && strings.ContainsRune("dw", rune(text[n])) {
		if days, err := strconv.Atoi(text[:n]); err == nil && days >= 0 && days < 100_000 {
			if text[n] == 'w' {
				days *= 7
			}
			return now.AddDate(0, 0, -days), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time; write %s", text, Forms)
}
