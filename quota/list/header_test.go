package list

import (
	"slices"
	"testing"
)

func TestHeader(t *testing.T) {
	h := Header{}
	for _, f := range [][2]string{
		{"FROM ", "a@x.fr"}, {"Resent-From", "x@evil.fr"}, {"From", "b@x.fr"}, {"Sender", "x@evil.fr"}, {"from", "c@x.fr"},
		{"Reply-To", ""}, {"reply-to", ""}, {"X-Sender", ""}, {"X-SENDER", ""}, {"X-Sender-IP", ""}, {"To", "x@evil.fr"},
	} {
		h.Add(f[0], f[1])
	}
	if !slices.Equal(h.From, []string{"a@x.fr", "b@x.fr"}) || h.ReplyTo != 2 || h.XSender != 2 || h.Automatic {
		t.Errorf("%+v", h)
	}
}
