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

// What is away is named, as far as it is known.
func TestWhatIsAway(t *testing.T) {
	up, down := []ServerStatus{{Up: true}}, []ServerStatus{{}}
	for _, c := range []struct {
		directory DirectoryStatus
		store     StoreStatus
		want      string
	}{
		{DirectoryStatus{Source: "file"}, StoreStatus{}, "the store is away"},
		{DirectoryStatus{Source: "file", Problem: "line 3"}, StoreStatus{}, "the directory cannot be used as it is now"},
		{DirectoryStatus{Servers: up}, StoreStatus{Problem: "refused"}, "the store is away"},
		{DirectoryStatus{Servers: down}, StoreStatus{}, "LDAP is away"},
		{DirectoryStatus{Servers: down}, StoreStatus{Problem: "refused"}, "LDAP and the store are away"},
		{DirectoryStatus{Servers: up}, StoreStatus{}, "LDAP or the store is away"},
	} {
		if got := whatIsAway(&c.directory, &c.store); got != c.want {
			t.Errorf("%+v, %+v: %s, want %s", c.directory, c.store, got, c.want)
		}
	}
}
