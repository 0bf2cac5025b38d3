package site

import (
	"fmt"
	"strings"
)

// Message is a message that somebody sends.
type Message struct {
	Login string
	// From is the envelope sender; empty: the sender's first professional address or, for
	// one who has none, the login.
	From string
	// To are the recipients, some perhaps twice.
	To []string
}

// Login draws a login: mostly one that the directory has, in whatever case.
func (s *Site) Login() string {
	login := fmt.Sprintf("s%d", s.r.IntN(senders))
	switch {
	case s.chance(10):
		return "nobody"
	case s.chance(6):
		return strings.ToUpper(login)
	}
	return login
}

// Message draws a message.
func (s *Site) Message() Message {
	m := Message{Login: s.Login()}
	if own := s.addresses[strings.ToLower(m.Login)]; len(own) > 0 && s.chance(3) {
		m.From = one(s.r, own...)
	} else if s.chance(5) {
		m.From = "somebody@ext.test"
	}
	if !s.chance(4) {
		for range 1 + s.r.IntN(14) {
			m.To = append(m.To, fmt.Sprintf("p%d@ext.test", s.r.IntN(25)))
		}
	}
	if s.chance(3) || len(m.To) == 0 {
		for range 1 + s.r.IntN(2) {
			m.To = append(m.To, s.list())
		}
	}
	if s.chance(8) {
		m.To = append(m.To, "postmaster@ext.test", "colleague@inside.test")
	}
	return m
}

// list draws an address in a list domain.
func (s *Site) list() string {
	address := one(s.r, s.lists...)
	local, domain, _ := strings.Cut(address, "@")
	switch s.r.IntN(10) {
	case 0:
		return local + "+x@" + domain
	case 1:
		return local + "-request@" + domain
	case 2:
		return "none@" + domain
	}
	return address
}

// Sender is the envelope sender of a message.
func (s *Site) Sender(m *Message) string {
	if m.From != "" {
		return m.From
	}
	if own := s.addresses[strings.ToLower(m.Login)]; len(own) > 0 {
		return own[0]
	}
	return m.Login
}
