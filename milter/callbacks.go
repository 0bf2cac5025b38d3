package milter

import (
	"net/textproto"

	gomilter "github.com/emersion/go-milter"
)

// callbacks is a session as go-milter calls it. The library names its callbacks after
// parts of the message, not after the events of the protocol: Headers is the end of the
// headers, as which the wire shows it DATA, and Body is the end of the message. The
// callbacks that are not below have the names of their events, and are the session's own.
type callbacks struct{ *session }

// Helo implements [gomilter.Milter]. Only an MTA that cannot leave the event out sends it.
func (callbacks) Helo(string, *gomilter.Modifier) (gomilter.Response, error) {
	return gomilter.RespContinue, nil
}

// Headers implements [gomilter.Milter]: DATA.
func (c callbacks) Headers(_ textproto.MIMEHeader, m *gomilter.Modifier) (gomilter.Response, error) {
	return c.Data(m)
}

// Header implements [gomilter.Milter]: one field, with the folds that it came with.
func (c callbacks) Header(name, value string, _ *gomilter.Modifier) (gomilter.Response, error) {
	return c.HeaderField(name, value), nil
}

// BodyChunk implements [gomilter.Milter]. Only an MTA that cannot leave the event out
// sends it.
func (callbacks) BodyChunk([]byte, *gomilter.Modifier) (gomilter.Response, error) {
	return gomilter.RespContinue, nil
}

// Body implements [gomilter.Milter]: the end of the message.
func (c callbacks) Body(m *gomilter.Modifier) (gomilter.Response, error) {
	return c.EndOfMessage(m)
}
