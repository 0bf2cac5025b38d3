package service

import (
	"net/http"
	"testing"

	"github.com/rcptquota/rcptquota/quota/history"
	"github.com/rcptquota/rcptquota/test/servers"
)

// A reference that many messages had costs the directory no more than a few.
func TestExplainJudgesTheNewestAgain(t *testing.T) {
	r := start(t, listen)
	for i := range judgedAgain + 2 {
		r.InForce().History.Recorder.Add(history.Record{QueueID: "4F1", Sender: "anne", Role: "submission", Reason: "message_limit", Recipients: 1000 + i})
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetPathValue("reference", "4F1")
	var e *Explanation
	if !servers.Wait(func() bool {
		e, err = r.explainReference(request)
		return err == nil && len(e.Messages) == judgedAgain+2
	}) {
		t.Fatal(e, err)
	}
	for i, m := range e.Messages {
		if judged := m.Now.Action != ""; judged != (i < judgedAgain) || !judged && m.Now.Note == "" {
			t.Errorf("%d: %+v", i, m.Now)
		}
	}
}
