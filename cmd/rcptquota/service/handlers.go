package service

import (
	"net/http"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
)

// handlers are what the control socket answers.
func (s *Service) handlers() *http.ServeMux {
	mux := http.NewServeMux()
	control.Answer(mux, "GET /status", s.status)
	return mux
}
