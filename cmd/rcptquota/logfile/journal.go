package logfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Entry is an entry of the journal, as far as it matters here (systemd.journal-fields(7)).
type Entry struct {
	Time       time.Time
	Host       string
	Identifier string // what syslog calls the program, as in "postfix/smtpd"
	PID        string
	Message    string
}

// journalText is a field: a text, an array of bytes where it is not plain text, an array of
// values where the entry has several, or null where it is too long
// (https://systemd.io/JOURNAL_EXPORT_FORMATS, "Journal JSON Format").
type journalText string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *journalText) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		var values []json.RawMessage
		if err := json.Unmarshal(text, &values); err != nil {
			return err
		}
		if len(values) > 0 && len(values[0]) > 0 && values[0][0] == '"' {
			return t.UnmarshalJSON(values[0])
		}
		var numbers []uint8 // not []byte, which would be base64
		for _, v := range values {
			n, err := strconv.ParseUint(string(v), 10, 8)
			if err != nil {
				return err
			}
			numbers = append(numbers, uint8(n))
		}
		*t = journalText(numbers)
		return nil
	}
	return json.Unmarshal(text, (*string)(t))
}

var (
	errNoMessage = errors.New("a journal entry without MESSAGE")
	errNoTime    = errors.New("a journal entry without __REALTIME_TIMESTAMP")
)

// IsJournal reports whether a line looks like an entry of the journal in JSON.
func IsJournal(line []byte) bool {
	return len(line) > 0 && line[0] == '{' && bytes.Contains(line, []byte(`"__REALTIME_TIMESTAMP"`))
}

// ParseJournal reads a line of "journalctl -o json".
func ParseJournal(line []byte) (Entry, error) {
	var fields struct {
		Time       journalText `json:"__REALTIME_TIMESTAMP"`
		Host       journalText `json:"_HOSTNAME"`
		Identifier journalText `json:"SYSLOG_IDENTIFIER"`
		SyslogPID  journalText `json:"SYSLOG_PID"`
		PID        journalText `json:"_PID"`
		Message    journalText `json:"MESSAGE"`
	}
	if err := json.Unmarshal(line, &fields); err != nil {
		return Entry{}, err
	}
	micros, err := strconv.ParseInt(string(fields.Time), 10, 64)
	if err != nil {
		return Entry{}, errNoTime
	}
	if strings.Trim(string(fields.Message), "\r\n") == "" {
		return Entry{}, errNoMessage
	}
	pid := fields.SyslogPID
	if pid == "" {
		pid = fields.PID
	}
	return Entry{
		Time: time.UnixMicro(micros), Host: string(fields.Host), Identifier: string(fields.Identifier),
		PID: string(pid), Message: strings.TrimRight(string(fields.Message), "\r\n"),
	}, nil
}
