package service

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/history"
)

// refusals answers GET /refusals: decision records, the newest first, a line each. The
// query may have since (RFC 3339), sender, reason, list, and most, their number.
func (s *Service) refusals(r *http.Request, send func(history.Record) error) error {
	h := s.InForce().History
	query, err := queryOf(r)
	if err == nil {
		err = h.kept()
	}
	if err != nil {
		return err
	}
	most, err := number(r, "most")
	if err != nil {
		return err
	}
	n := 0
	for record, err := range history.Search(r.Context(), h.Records, query) {
		if err != nil {
			return unreadable(err)
		}
		if err := send(record); err != nil {
			return err
		}
		if n++; n == most {
			break
		}
	}
	return nil
}

// followRefusals answers GET /refusals/follow: decision records as they are stored, from
// now on, also where a reload has them stored elsewhere. The query is as that of refusals.
func (s *Service) followRefusals(r *http.Request, send func(history.Record) error) error {
	query, err := queryOf(r)
	for err == nil && r.Context().Err() == nil {
		err = s.followHistory(r.Context(), s.InForce().History, query, send)
	}
	return err
}

// followHistory sends decision records as they are stored in h, until a reload closes it.
func (s *Service) followHistory(ctx context.Context, h *History, query history.Query, send func(history.Record) error) error {
	if err := h.kept(); err != nil {
		return err
	}
	for record, err := range history.Follow(ctx, h.Records, query) {
		if err != nil { // it goes on when the store is back
			if s.InForce().History != h {
				return nil
			}
			continue
		}
		if err := send(record); err != nil {
			return err
		}
	}
	return nil
}

// queryOf reads the query of a request.
func queryOf(r *http.Request) (history.Query, error) {
	values := r.URL.Query()
	q := history.Query{Sender: values.Get("sender"), Reason: values.Get("reason"), List: values.Get("list")}
	if reasons := reasons(); q.Reason != "" && !slices.Contains(reasons, q.Reason) {
		return q, control.Errorf(http.StatusBadRequest, "%q is no reason; there are %s", q.Reason, strings.Join(reasons, ", "))
	}
	if since := values.Get("since"); since != "" {
		var err error
		if q.Since, err = time.Parse(time.RFC3339, since); err != nil {
			return q, control.Errorf(http.StatusBadRequest, "since: %q is no time of RFC 3339", since)
		}
	}
	return q, nil
}

// reasons are those that decision records may have.
func reasons() (names []string) {
	for _, r := range quota.StoppingReasons() {
		names = append(names, r.String())
	}
	return names
}

// number reads a number of the query; 0: there is none.
func number(r *http.Request, name string) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, control.Errorf(http.StatusBadRequest, "%s: %q is no number", name, text)
	}
	return n, nil
}
