package conf

import (
	"fmt"
	"strings"
	"time"
)

// Duration is a length of time as a file writes it: "250ms", "5m", "24h"
// ([time.ParseDuration]). It is no kind of number, so that a number without a
// unit is never taken for nanoseconds.
type Duration struct{ time.Duration }

// UnmarshalText implements [encoding.TextUnmarshaler]. A number comes here too,
// as the document writes it.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	if d.Duration, err = time.ParseDuration(string(text)); err == nil {
		return nil
	}
	if _, err := time.ParseDuration(string(text) + "s"); err == nil {
		return fmt.Errorf("%s has no unit; write it as in %q", text, string(text)+"s")
	}
	return fmt.Errorf("%q is not a duration; write it as in %q or %q", text, "5m", "24h")
}

// String writes a duration without trailing parts that are zero: "1h", "1h30m".
func (d Duration) String() string {
	text := d.Duration.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
