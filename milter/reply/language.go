package reply

import (
	"fmt"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// language is what replies say in one language, all in ASCII, which any SMTP client
// shows.
type language struct {
	texts Config // without Language
	// managers are who may post to a list, by whether it has moderators.
	managers map[bool]string
	// layout is how a time is written (see [time.Layout]).
	layout string
	// hour follows the number 1; hours and days follow any other.
	hour, hours, days string
}

// languages are those that replies are built in, by the value of the key language.
var languages = map[string]language{"fr": french, "en": english}

// moment is a time in the relay's time zone, rounded up to the minute.
func (l *language) moment(t time.Time) string {
	return t.Add(time.Minute - 1).Local().Format(l.layout)
}

// period is the length of a window in words, such as "1 h", "24 hours" or "7 jours".
func (l *language) period(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return fmt.Sprintf("%d %s", d/day, l.days)
	case d == time.Hour:
		return "1 " + l.hour
	case d%time.Hour == 0:
		return fmt.Sprintf("%d %s", d/time.Hour, l.hours)
	}
	return strings.TrimSpace(strings.NewReplacer("h", " h ", "m", " min ", "s", " s").Replace(conf.Duration{Duration: d}.String()))
}
