package period

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// FutureForms says what [ParseFuture] understands, for help texts.
const FutureForms = `"18:00" (the next one), "today" or "tomorrow" (its end), "2026-11-25" (its end), "2026-11-25 16:30", RFC 3339, or for how long: "90m", "24h", "7d", "2w"`

// ParseFuture reads a time up to which something is to last, in one of the [FutureForms],
// as seen at the moment now and in its location. It need not lie in the future.
func ParseFuture(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	year, month, day := now.Date()
	endOf := func(days int) time.Time { return time.Date(year, month, day+days+1, 0, 0, 0, 0, now.Location()) }
	switch strings.ToLower(text) {
	case "today", "tonight":
		return endOf(0), nil
	case "tomorrow":
		return endOf(1), nil
	}
	if t, err := time.ParseInLocation("2006-01-02", text, now.Location()); err == nil {
		return t.AddDate(0, 0, 1), nil
	}
	if clock, err := time.Parse("15:04", text); err == nil {
		t := time.Date(year, month, day, clock.Hour(), clock.Minute(), 0, 0, now.Location())
		if !t.After(now) {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	for _, layout := range append([]string{time.RFC3339}, layouts...) {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if n := len(text) - 1; n > 0 && strings.ContainsRune("dw", rune(text[n])) {
		if days, err := strconv.Atoi(text[:n]); err == nil && days >= 0 && days < 100_000 {
			if text[n] == 'w' {
				days *= 7
			}
			return now.AddDate(0, 0, days), nil
		}
	}
	if length, err := time.ParseDuration(text); err == nil && length >= 0 {
		return now.Add(length), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time; write %s", text, FutureForms)
}
