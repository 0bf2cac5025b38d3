package report

import (
	"bytes"
	"errors"
	"strconv"
)

var (
	errUnended = errors.New("a quoted value without an end")
	errNoValue = errors.New("a word without a value")
)

// pair cuts the first "key=value" off a line in logfmt, as log/slog writes it. A value
// with special characters is quoted as strconv.Quote does. The key is nil at the end of
// the line.
func pair(line []byte) (key, value, rest []byte, err error) {
	line = bytes.TrimLeft(line, " ")
	if len(line) == 0 {
		return nil, nil, nil, nil
	}
	equals := bytes.IndexByte(line, '=')
	if equals < 1 || bytes.IndexByte(line[:equals], ' ') >= 0 {
		return nil, nil, nil, errNoValue
	}
	key, line = line[:equals], line[equals+1:]
	if len(line) == 0 || line[0] != '"' {
		end := bytes.IndexByte(line, ' ')
		if end < 0 {
			end = len(line)
		}
		return key, line[:end], line[end:], nil
	}
	end, escaped := 1, false
	for end < len(line) && line[end] != '"' {
		if line[end] == '\\' {
			escaped = true
			end++
		}
		end++
	}
	if end >= len(line) {
		return nil, nil, nil, errUnended
	}
	value = line[1:end]
	if escaped {
		text, err := strconv.Unquote(string(line[:end+1]))
		if err != nil {
			return nil, nil, nil, errUnended
		}
		value = []byte(text)
	}
	return key, value, line[end+1:], nil
}
