package service

import (
	"errors"
	"testing"
)

// What was joined from several errors is told in one line.
func TestTextIsOneLine(t *testing.T) {
	got := text(errors.Join(errors.New("connection refused"), errors.New("this relay counts alone")))
	if want := "connection refused; this relay counts alone"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
