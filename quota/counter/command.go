package counter

import (
	"encoding/binary"
	"strconv"

	"github.com/rcptquota/rcptquota/quota"
)

// command is what a script is sent, kept to be used again. Its buffers are free
// when the client has returned.
type command struct {
	args    []any // ARGV; the []byte ones are parts of the buffers
	windows []byte
	blob    []byte
}

// reserve makes the ARGV of reserve.lua.
func (c *command) reserve(d *digester, r *quota.Reservation, stood []string) {
	c.windows = c.windows[:0]
	for _, w := range r.Windows {
		c.windows = strconv.AppendInt(c.windows, w.Per.Microseconds(), 10)
		c.windows = append(c.windows, ' ')
		c.windows = strconv.AppendInt(c.windows, int64(w.Recipients), 10)
		c.windows = append(c.windows, ' ', w.Count.String()[0], ';')
	}
	c.blob = c.blob[:0]
	if counts(r.Windows, quota.Distinct) {
		for digest := range d.all(r.Recipients) {
			c.blob = binary.BigEndian.AppendUint64(c.blob, uint64(digest))
		}
	}
	c.args = append(c.args[:0], r.ID, r.N, c.windows, c.blob, settleWithin)
	for _, id := range stood {
		c.args = append(c.args, id)
	}
}

// merge makes the ARGV of merge.lua: what the tally holds, on behalf of the store
// named origin.
func (c *command) merge(origin string, t *tally) {
	c.blob = c.blob[:0]
	part := func(add func()) []byte {
		start := len(c.blob)
		add()
		return c.blob[start:len(c.blob):len(c.blob)]
	}
	time := func(at int64) { c.blob = binary.BigEndian.AppendUint64(c.blob, uint64(at)) } //nolint:gosec // it is not negative
	reached := func(entries []reach) func() {
		return func() {
			for _, e := range entries {
				c.blob = binary.BigEndian.AppendUint64(c.blob, uint64(e.Digest))
				time(e.At)
			}
		}
	}
	messages := func() {
		for _, m := range t.Copies {
			time(m.At)
			time(int64(m.N))
		}
	}
	c.args = append(c.args[:0], origin, t.Keep, settleWithin, part(reached(t.Reached)), part(messages))
	for _, r := range t.Open {
		c.args = append(c.args, r.ID, part(func() { time(r.At) }), part(reached(r.Replaced)))
	}
}
