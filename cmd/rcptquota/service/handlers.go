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
	control.Answer(mux, "GET /explain/reference/{reference}", s.explainReference)
	control.Take(mux, "POST /explain/sender", s.explainSender)
	control.Answer(mux, "GET /usage", s.usage)
	control.Answer(mux, "GET /usage/sender", s.usageOfOne)
	control.Take(mux, "POST /reset", s.reset)
	control.Answer(mux, "GET /list", s.list)
	control.Answer(mux, "GET /complete", s.complete)
	control.Follow(mux, "GET /refusals", s.refusals)
	control.Follow(mux, "GET /refusals/follow", s.followRefusals)
	control.Answer(mux, "GET /grants", s.grants)
	control.Take(mux, "POST /grants", s.grant)
	control.Take(mux, "POST /grants/revoke", s.revoke)
	return mux
}
