package maillog

import (
	"errors"
	"time"
)

var errStamp = errors.New("it does not begin with a time")

// stamp reads the time at the beginning of a line, and returns what follows it and a
// space.
func (c *Clock) stamp(line []byte) (time.Time, []byte, error) {
	if len(line) > 19 && line[4] == '-' && line[10] == 'T' {
		return isoStamp(line)
	}
	return c.traditional(line)
}

// number reads digits of a fixed number; a space may stand for a leading zero.
func number(text []byte) (n int, ok bool) {
	for i, b := range text {
		if b == ' ' && i == 0 && len(text) > 1 {
			continue
		}
		if b < '0' || b > '9' {
			return 0, false
		}
		n = n*10 + int(b-'0')
	}
	return n, true
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// traditional reads "Nov  5 16:32:01", perhaps with a fraction (RFC 3164 section 4.1.2).
func (c *Clock) traditional(line []byte) (time.Time, []byte, error) {
	if len(line) < 16 || line[3] != ' ' || line[6] != ' ' || line[9] != ':' || line[12] != ':' {
		return time.Time{}, nil, errStamp
	}
	month := 0
	for i := 0; i < len(months); i += 3 {
		if string(line[:3]) == months[i:i+3] {
			month = i/3 + 1
		}
	}
	day, ok1 := number(line[4:6])
	clock, ok2 := timeOfDay(line[7:15])
	if month == 0 || !ok1 || !ok2 {
		return time.Time{}, nil, errStamp
	}
	nanos, rest := fraction(line[15:])
	if len(rest) == 0 || rest[0] != ' ' {
		return time.Time{}, nil, errStamp
	}
	t, err := c.date(time.Month(month), day, clock[0], clock[1], clock[2], nanos)
	return t, rest[1:], err
}

// timeOfDay reads "16:32:01".
func timeOfDay(text []byte) (clock [3]int, ok bool) {
	if len(text) != 8 || text[2] != ':' || text[5] != ':' {
		return clock, false
	}
	for i := range clock {
		if clock[i], ok = number(text[3*i : 3*i+2]); !ok {
			return clock, false
		}
	}
	return clock, clock[0] < 24 && clock[1] < 60 && clock[2] < 61
}

// fraction reads what may follow the seconds, as in ".123456".
func fraction(text []byte) (nanos int, rest []byte) {
	if len(text) == 0 || text[0] != '.' {
		return 0, text
	}
	scale := int(time.Second)
	i := 1
	for ; i < len(text) && '0' <= text[i] && text[i] <= '9'; i++ {
		scale /= 10
		nanos += int(text[i]-'0') * scale
	}
	return nanos, text[i:]
}

// isoStamp reads a stamp of RFC 3339, also without the colon in its zone, as journalctl
// writes it.
func isoStamp(line []byte) (time.Time, []byte, error) {
	fail := func() (time.Time, []byte, error) { return time.Time{}, nil, errStamp }
	year, ok1 := number(line[:4])
	month, ok2 := number(line[5:7])
	day, ok3 := number(line[8:10])
	clock, ok4 := timeOfDay(line[11:19])
	if !ok1 || !ok2 || !ok3 || !ok4 || line[7] != '-' || month < 1 || month > 12 || day < 1 || day > 31 {
		return fail()
	}
	nanos, rest := fraction(line[19:])
	offset, rest, ok := zone(rest)
	if !ok || len(rest) == 0 || rest[0] != ' ' {
		return fail()
	}
	t := time.Date(year, time.Month(month), day, clock[0], clock[1], clock[2]-offset, nanos, time.UTC)
	return t, rest[1:], nil
}

// zone reads "Z", "+01:00" or "+0100", as an offset in seconds.
func zone(text []byte) (offset int, rest []byte, ok bool) {
	if len(text) > 0 && (text[0] == 'Z' || text[0] == 'z') {
		return 0, text[1:], true
	}
	if len(text) < 5 || text[0] != '+' && text[0] != '-' {
		return 0, nil, false
	}
	minutes := text[3:]
	if minutes[0] == ':' {
		minutes = minutes[1:]
	}
	if len(minutes) < 2 {
		return 0, nil, false
	}
	h, ok1 := number(text[1:3])
	m, ok2 := number(minutes[:2])
	offset = h*3600 + m*60
	if text[0] == '-' {
		offset = -offset
	}
	return offset, minutes[2:], ok1 && ok2 && h < 24 && m < 60
}
