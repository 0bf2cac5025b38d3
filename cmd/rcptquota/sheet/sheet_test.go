package sheet

import (
	"bytes"
	"errors"
	"testing"
)

func TestRows(t *testing.T) {
	var b bytes.Buffer
	s := New(&b, "sender", "refused")
	s.Row(`a,"b"`, 1)
	s.Row(`=HYPERLINK("http://evil")`, -2)
	s.Row("@x", "")
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "sender,refused\n\"a,\"\"b\"\"\",1\n\"'=HYPERLINK(\"\"http://evil\"\")\",-2\n'@x,\n"
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestErrorsComeBack(t *testing.T) {
	s := New(full{}, "sender")
	s.Row("a")
	if err := s.Flush(); !errors.Is(err, errFull) {
		t.Error(err)
	}
}
