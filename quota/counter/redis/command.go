package redis

import (
	"encoding/binary"
	"strconv"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
)

// command is what a script is sent, kept to be used again. Its buffers are free
// when the client has returned.
type command struct {
	args []any // ARGV; the []byte ones are parts of the buffers
	text []byte
	blob []byte
}

// reserve makes the ARGV of reserve.lua.
func (c *command) reserve(d *digest.Digester, r *quota.Reservation, committed []string) {
	keep := r.Keep.With(r.Windows)
	c.blob = c.blob[:0]
	if keep.Distinct > 0 {
		for recipient := range d.All(r.Recipients) {
			c.blob = binary.BigEndian.AppendUint64(c.blob, uint64(recipient))
		}
	}
	c.text = c.text[:0]
	windows := c.windows(r.Windows)
	kept := c.part(func() { c.numbers(keep.Distinct.Microseconds(), keep.Copies.Microseconds()) })
	c.args = append(c.args[:0], r.ID, r.N, windows, kept, c.blob, r.Sender)
	for _, id := range committed {
		c.args = append(c.args, id)
	}
}

// windows appends windows to the text, each "period limit kind;".
func (c *command) windows(windows []quota.Window) []byte {
	return c.part(func() {
		for _, w := range windows {
			c.numbers(w.Per.Microseconds(), int64(w.Recipients))
			c.text = append(c.text, ' ', w.Count.String()[0], ';')
		}
	})
}

// part returns what write appends to the text.
func (c *command) part(write func()) []byte {
	start := len(c.text)
	write()
	return c.text[start:len(c.text):len(c.text)]
}

// numbers appends numbers to the text, with a blank between them.
func (c *command) numbers(list ...int64) {
	for i, n := range list {
		if i > 0 {
			c.text = append(c.text, ' ')
		}
		c.text = strconv.AppendInt(c.text, n, 10)
	}
}
