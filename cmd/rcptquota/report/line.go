package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/logfile"
)

// ErrOther means that a line is no record of a message, as most lines of a journal are.
var ErrOther = errors.New("no record of a message")

var errNoTime = errors.New("a record without a time")

// ParseLine reads a line of rcptquota's log: logfmt, with or without what syslog and
// journalctl write before it, JSON, or the journal's JSON around either. An error other
// than [ErrOther] means that the line is damaged.
func ParseLine(line []byte) (Record, error) {
	if len(line) == 0 {
		return Record{}, ErrOther
	}
	if !logfile.IsJournal(line) {
		return parseMessage(line, time.Time{})
	}
	entry, err := logfile.ParseJournal(line)
	if err != nil {
		return Record{}, err
	}
	return parseMessage([]byte(entry.Message), entry.Time)
}

// parseMessage reads a record that has no wrapping. Its time is that of the wrapping, if
// it has none.
func parseMessage(line []byte, at time.Time) (Record, error) {
	if len(line) > 0 && line[0] == '{' {
		return parseJSON(line, at)
	}
	return parseLogfmt(line, at)
}

// jsonRecord is a record as log/slog's JSON handler writes it.
type jsonRecord struct {
	Time       time.Time `json:"time"`
	Msg        string    `json:"msg"`
	Reason     string    `json:"reason"`
	Sender     string    `json:"sender"`
	Class      string    `json:"class"`
	List       string    `json:"list"`
	Recipients *int      `json:"recipients"`
}

func parseJSON(line []byte, at time.Time) (Record, error) {
	var j jsonRecord
	if err := json.Unmarshal(line, &j); err != nil {
		return Record{}, err
	}
	action, ok := actionOf(j.Msg)
	if !ok || j.Recipients == nil {
		return Record{}, ErrOther
	}
	r := Record{
		Time: j.Time, Action: action, Reason: j.Reason, Sender: j.Sender, Class: j.Class,
		List: j.List, Recipients: *j.Recipients,
	}
	if r.Time.IsZero() {
		r.Time = at
	}
	return r, r.check()
}

// start finds where a record in logfmt begins, behind what syslog wrote before it.
func start(line []byte) []byte {
	for _, key := range []string{"time=", "level="} {
		if bytes.HasPrefix(line, []byte(key)) {
			return line
		}
		if i := bytes.Index(line, []byte(" "+key)); i >= 0 {
			return line[i+1:]
		}
	}
	return nil
}

func parseLogfmt(line []byte, at time.Time) (Record, error) {
	line = start(line)
	if !bytes.Contains(line, []byte(" msg=")) {
		return Record{}, ErrOther
	}
	r := Record{Time: at, Action: -1, Recipients: -1}
	for {
		key, value, rest, err := pair(line)
		if err == nil && key != nil {
			err = r.set(key, value)
		}
		switch {
		case errors.Is(err, ErrOther):
			return Record{}, err
		case err != nil && r.Action < 0: // not ours, perhaps
			return Record{}, ErrOther
		case err != nil:
			return Record{}, err
		case key == nil:
			if r.Action < 0 || r.Recipients < 0 {
				return Record{}, ErrOther
			}
			return r, r.check()
		}
		line = rest
	}
}

// set fills a field. It returns ErrOther for a msg that is not that of a message.
func (r *Record) set(key, value []byte) (err error) {
	switch string(key) {
	case "time":
		r.Time, err = time.Parse(time.RFC3339Nano, string(value))
	case "msg":
		action, ok := actionOf(string(value))
		if !ok {
			return ErrOther
		}
		r.Action = action
	case "reason":
		r.Reason = string(value)
	case "sender":
		r.Sender = string(value)
	case "class":
		r.Class = string(value)
	case "list":
		r.List = string(value)
	case "recipients":
		r.Recipients, err = strconv.Atoi(string(value))
	}
	return err
}

// maxRecipients bounds what a damaged record can add to a sum.
const maxRecipients = 10_000_000

func (r *Record) check() error {
	switch {
	case r.Time.IsZero():
		return errNoTime
	case r.Time.Year() < 1970 || r.Time.Year() > 9000: // of a damaged record; JSON has four digits, in any zone
		return fmt.Errorf("the year %d is none of mail", r.Time.Year())
	case r.Recipients < 0 || r.Recipients > maxRecipients:
		return fmt.Errorf("%d is no number of recipients", r.Recipients)
	}
	return nil
}
