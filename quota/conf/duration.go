package conf

import (
	"fmt"
	"time"
)

// Duration is a length of time as a file writes it: "250ms", "5m", "24h"
// ([time.ParseDuration]).
type Duration time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration; write it as in %q or %q", text, "5m", "24h")
	}
	*d = Duration(parsed)
	return nil
}
