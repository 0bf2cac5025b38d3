package logfile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func read(t *testing.T, f *File) []string {
	t.Helper()
	var lines []string
	for {
		line, err := f.Next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOpen(t *testing.T) {
	const text = "one\r\ntwo\n\nlast"
	for name, content := range map[string][]byte{"plain": []byte(text), "gzip": zipped(t, text)} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Open(path, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if got := strings.Join(read(t, f), "|"); got != "one|two||last" || f.Line != 4 || !f.Again {
				t.Errorf("%q, line %d", got, f.Line)
			}
			stdin, err := Open(Stdin, bytes.NewReader(content), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(read(t, stdin), "|"); got != "one|two||last" || stdin.Again {
				t.Errorf("%q from standard input", got)
			}
		})
	}
}

func TestEmptyAndMissing(t *testing.T) {
	f, err := Open(Stdin, strings.NewReader(""), nil)
	if err != nil || read(t, f) != nil {
		t.Error(err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// What other tools compressed is told how to read.
func TestOtherCompression(t *testing.T) {
	_, err := Open(Stdin, strings.NewReader("\xfd7zXZ\x00rest"), nil)
	if err == nil || !strings.Contains(err.Error(), "xz -dc") {
		t.Error(err)
	}
}

// A log that is cut off gives what it has, and then says so.
func TestCutOff(t *testing.T) {
	content := zipped(t, strings.Repeat("a line of some length\n", 20_000))
	f, err := Open(Stdin, bytes.NewReader(content[:len(content)-10]), nil)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Next()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) || f.Line < 1000 {
		t.Errorf("%v after %d lines", err, f.Line)
	}
}

// The end of a very long line is skipped, and the next one is whole.
func TestLongLine(t *testing.T) {
	f, err := Open(Stdin, strings.NewReader(strings.Repeat("x", 3*MaxLine)+"\nnext\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := read(t, f)
	if len(lines) != 2 || len(lines[0]) != MaxLine || lines[1] != "next" {
		t.Errorf("%d lines, the first of %d bytes", len(lines), len(lines[0]))
	}
}

func TestParseJournal(t *testing.T) {
	want := Entry{Time: time.UnixMicro(1764088321123456), Host: "relay1", Identifier: "postfix/smtpd", PID: "42", Message: "a é"}
	for _, line := range []string{
		`{"__REALTIME_TIMESTAMP":"1764088321123456","_HOSTNAME":"relay1","SYSLOG_IDENTIFIER":"postfix/smtpd","SYSLOG_PID":"42","_PID":"1","MESSAGE":"a é"}`,
		`{"MESSAGE":[97,32,195,169],"_PID":"42","__REALTIME_TIMESTAMP":"1764088321123456","_HOSTNAME":["relay1","other"],"SYSLOG_IDENTIFIER":"postfix/smtpd"}`,
	} {
		if got, err := ParseJournal([]byte(line)); err != nil || got != want || !IsJournal([]byte(line)) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	for _, line := range []string{`{"__REALTIME_TIMESTAMP":"1","MESSAGE":null}`, `{"__REALTIME_TIMESTAMP":"x","MESSAGE":"a"}`, `{`, `{"MESSAGE":[300],"__REALTIME_TIMESTAMP":"1"}`} {
		if got, err := ParseJournal([]byte(line)); err == nil {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestTrouble(t *testing.T) {
	var trouble Trouble
	f := &File{Name: "mail.log", Line: 7}
	trouble.Bad(f, errors.New("no time"))
	f.Line = 8
	trouble.Bad(f, errors.New("no time"))
	if trouble.Lines != 2 || trouble.First != "mail.log:7: no time" || !trouble.Any() {
		t.Errorf("%+v", trouble)
	}
}

// The bar goes away when all is read.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, 10)
	if _, err := io.ReadAll(p.reader(strings.NewReader("0123456789"))); err != nil {
		t.Fatal(err)
	}
	p.Done()
	var none *Progress
	none.Done()
	if got := NewProgress(&out, []string{os.Args[0]}); got != nil {
		t.Error("it is shown where there is no terminal")
	}
}

func FuzzParseJournal(f *testing.F) {
	f.Add([]byte(`{"__REALTIME_TIMESTAMP":"1764088321123456","_HOSTNAME":["relay1"],"MESSAGE":[97,32,195,169]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if entry, err := ParseJournal(line); err == nil && entry.Message == "" {
			t.Errorf("%q gives no message", line)
		}
	})
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("one\ntwo"))
	f.Add([]byte("\x1f\x8b\x08\x00\x00"))
	f.Add([]byte("BZh9"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := Open(Stdin, bytes.NewReader(content), nil)
		for n := 0; err == nil && n < 1000; n++ {
			var line []byte
			if line, err = file.Next(); bytes.ContainsRune(line, '\n') || len(line) > MaxLine {
				t.Errorf("a line %q", line)
			}
		}
	})
}
