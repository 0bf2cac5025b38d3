package service

import (
	"net/http"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
)

// handlers are what the control socket answers.
func (s *Service) handlers() *http.ServeMux {
	mux := http.NewServeMux()
	control.Answer(mux, "GET /status", s.status)
	control.Answer(mux, "POST /reload", s.reloadAsked)
	return mux
}
