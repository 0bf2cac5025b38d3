package replay

import (
	"encoding/json"
	"io"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/bounded"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/logfile"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/sheet"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// rows writes the messages that would have been refused, as CSV, while the log is read.
type rows struct {
	sheet    *sheet.Writer // nil: to nobody
	location *time.Location
}

func newRows(w io.Writer, location *time.Location) *rows {
	if w == nil {
		return &rows{}
	}
	return &rows{sheet.New(w, "time", "host", "queue_id", "sender", "class", "reason", "certain",
		"recipients_least", "recipients_most", "limit", "window", "used", "list"), location}
}

func (r *rows) add(m *message, o *outcome) {
	if r.sheet == nil {
		return
	}
	v := &o.verdict
	window, used := "", any("")
	if v.Window.Per > 0 {
		window, used = conf.Duration{Duration: v.Window.Per}.String(), v.Used
	}
	r.sheet.Row(m.at.In(r.location).Format(time.RFC3339), m.host.name, m.id, v.Sender, o.class, v.Reason.String(), o.sure,
		o.least, o.most, v.Limit, window, used, v.List)
}

func (r *rows) flush() error {
	if r.sheet == nil {
		return nil
	}
	return r.sheet.Flush()
}

// named is a row of a table.
type named struct {
	Name string `json:"name"`
	Totals
}

func sorted(m *bounded.Map[Totals], compare func(a, b *Totals) int) []named {
	all := []named{}
	for _, e := range m.Sorted(compare) {
		all = append(all, named{e.Name, *e.Value})
	}
	return all
}

// inOrder leaves the order to the names.
func inOrder(_, _ *Totals) int { return 0 }

// size is a group of messages.
type size struct {
	UpTo     int `json:"up_to,omitempty"` // recipients; 0: no end
	Messages int `json:"messages"`
}

// document is what --json writes.
type document struct {
	Note       []string        `json:"notes"`
	First      *time.Time      `json:"first,omitempty"`
	Last       *time.Time      `json:"last,omitempty"`
	Lines      int             `json:"lines"`
	Total      Totals          `json:"total"`
	Recipients Bounds          `json:"recipients"`
	Exact      int             `json:"messages_with_known_recipients"`
	Exempt     int             `json:"exempt"`
	Degraded   int             `json:"directory_unavailable"`
	Outside    int             `json:"outside"`
	NotJudged  Fates           `json:"not_judged"`
	Rules      []named         `json:"by_rule"`
	Classes    []named         `json:"by_class"`
	Senders    []named         `json:"by_sender"`
	Others     *Totals         `json:"other_senders,omitempty"` // of more than are counted one by one
	Days       []named         `json:"by_day"`
	Sizes      []size          `json:"by_recipients"`
	Damaged    logfile.Trouble `json:"damaged"`
}

// WriteJSON writes the result as one JSON object, with all senders. The notes say how the
// classes were found.
func (r *Result) WriteJSON(w io.Writer, notes []string) error {
	d := document{
		Note: r.Notes(notes), Lines: r.Read.Lines, Total: r.Total, Recipients: r.Recipients, Exact: r.Exact,
		Exempt: r.Exempt, Degraded: r.Degraded, Outside: r.Outside, NotJudged: r.Fates, Rules: sorted(r.rules, byStopped), Classes: sorted(r.classes, byStopped),
		Senders: sorted(r.senders, byStopped), Days: sorted(r.days, inOrder), Damaged: r.Read.Trouble,
	}
	if r.Total.Messages > 0 {
		first, last := r.First.In(r.location), r.Last.In(r.location)
		d.First, d.Last = &first, &last
	}
	if r.senders.Full() {
		d.Others = &r.senders.Others
	}
	for i, n := range r.BySize {
		s := size{Messages: n}
		if i < len(sizes) {
			s.UpTo = sizes[i]
		}
		d.Sizes = append(d.Sizes, s)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(d)
}
