package history

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
)

// TestOf: a record says what the log does, in the same words, and JSON keeps it.
func TestOf(t *testing.T) {
	v := quota.Verdict{Action: quota.Defer, Reason: quota.WindowLimit, Facts: quota.Facts{
		Sender: "anne", Class: "entmip", Premium: true, Recipients: 120, Limit: 500, Used: 450, Degraded: true, List: "profs@listes.ac-test.fr",
		Window: quota.Window{Per: 24 * time.Hour, Recipients: 500}, RetryAt: time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC),
	}}
	r := Of(&v)
	const want = `{"time":"0001-01-01T00:00:00Z","action":"deferred","reason":"window","sender":"anne","class":"entmip","recipients":120,"limit":500,` +
		`"window":"24h","count":"distinct","used":450,"retry_at":"2026-11-25T10:00:00Z","list":"profs@listes.ac-test.fr","premium":true,"degraded":true}`
	text, err := json.Marshal(r)
	if err != nil || string(text) != want {
		t.Errorf("%s, %v; want\n%s", text, err, want)
	}
	var back Record
	if err := json.Unmarshal(text, &back); err != nil || back != r {
		t.Errorf("%+v, %v", back, err)
	}
	if got := Of(&quota.Verdict{Action: quota.Redirect}); got != (Record{Action: "redirected"}) {
		t.Errorf("%+v", got)
	}
	visible := quota.Verdict{Action: quota.Refuse, Reason: quota.VisibleRecipients, Facts: quota.Facts{Visible: 151, Limit: 30}}
	if got := Of(&visible); got != (Record{Action: "refused", Reason: "visible_recipients", Visible: 151, Limit: 30}) {
		t.Errorf("%+v", got)
	}
	if Leaves(&quota.Verdict{Action: quota.Accept}) || !Leaves(&quota.Verdict{Action: quota.WouldRefuse}) {
		t.Error("the wrong verdicts leave a record")
	}
}
