package service

import (
	"net/http"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
)

// handlers are what the control socket answers.
func (s *Service) handlers() *http.ServeMux {
	mux := http.NewServeMux()
	control.Answer(mux, "GET /status", s.status)
	control.Answer(mux, "GET /explain/reference/{reference}", s.explainReference)
	control.Follow(mux, "GET /refusals", s.refusals)
	control.Follow(mux, "GET /refusals/follow", s.followRefusals)
	control.Answer(mux, "GET /grants", s.grants)
	control.Take(mux, "POST /grants", s.grant)
	control.Take(mux, "POST /grants/revoke", s.revoke)
	return mux
}
