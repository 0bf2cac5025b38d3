package report

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/logfile"
	"github.com/rcptquota/rcptquota/test/random"
)

var (
	records = flag.Int("records", 10_000, "how many records the made-up log has")
	program = flag.String("program", "", "the program to give it to; empty: this package alone")
)

// known is what is known of a made-up log.
type known struct {
	total      Counts
	recipients int
	by         map[string]map[string]Counts // the table, then the name
}

func (k *known) count(table, name string, a Action) {
	if k.by[table] == nil {
		k.by[table] = map[string]Counts{}
	}
	c := k.by[table][name]
	c[a]++
	k.by[table][name] = c
}

// makeUp writes a log as rcptquota's own handlers do, in all forms at once.
func makeUp(r *rand.Rand, n int, w io.Writer) (*known, error) {
	k := &known{by: map[string]map[string]Counts{}}
	out := bufio.NewWriterSize(w, 1<<20)
	var line bytes.Buffer
	handlers := []slog.Handler{slog.NewTextHandler(&line, nil), slog.NewJSONHandler(&line, nil), slog.NewTextHandler(&line, nil)}
	at := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	for i := range n {
		at = at.Add(time.Duration(r.IntN(5000)) * time.Millisecond)
		a := Action(r.IntN(int(actions)))
		if r.IntN(3) > 0 {
			a = Accepted
		}
		sender, class, recipients := fmt.Sprintf("user %d", r.IntN(n/20+1)), fmt.Sprint("class", r.IntN(4)), r.IntN(300)
		attrs := []slog.Attr{slog.String("queue_id", fmt.Sprint("Q", i)), slog.String("sender", sender), slog.String("class", class),
			slog.Int("recipients", recipients), slog.String("role", "submission")}
		k.total[a]++
		k.recipients += recipients
		k.count("class", class, a)
		k.count("day", at.Format(time.DateOnly), a)
		k.count("hour", at.Format("15:00"), a)
		if a != Accepted {
			reason, list := []string{"message_limit", "window", "list_posting"}[r.IntN(3)], fmt.Sprintf("list%d@listes.test", r.IntN(50))
			attrs = append(attrs, slog.String("reason", reason), slog.String("list", list))
			k.count("reason", reason, a)
			k.count("list", list, a)
			k.count("sender", sender, a)
		}
		record := slog.NewRecord(at, slog.LevelWarn, a.String(), 0)
		record.AddAttrs(attrs...)
		line.Reset()
		if err := handlers[i%3].Handle(context.Background(), record); err != nil {
			return nil, err
		}
		if i%3 == 2 {
			journal, err := json.Marshal(map[string]string{"__REALTIME_TIMESTAMP": fmt.Sprint(at.UnixMicro()), "MESSAGE": line.String()})
			if err != nil {
				return nil, err
			}
			line.Reset()
			line.Write(append(journal, '\n'))
		}
		if _, err := out.Write(line.Bytes()); err != nil {
			return nil, err
		}
	}
	return k, out.Flush()
}

// A made-up log gives exactly the numbers that are known. With -program, tells how much
// time and memory the program takes.
func TestMadeUpLog(t *testing.T) {
	r := random.New(t)
	reader, writer := io.Pipe()
	type result struct {
		*known
		error
	}
	written := make(chan result, 1)
	go func() {
		k, err := makeUp(r, *records, writer)
		_ = writer.CloseWithError(err)
		written <- result{k, err}
	}()
	out := reported(t, reader)
	want := <-written
	if want.error != nil {
		t.Fatal(want.error)
	}
	var got struct {
		Messages, Recipients int
		Total                map[string]int
		By                   map[string][]map[string]any
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got.Messages != *records || got.Recipients != want.recipients {
		t.Errorf("%d messages, %d recipients; want %d, %d", got.Messages, got.Recipients, *records, want.recipients)
	}
	for table, names := range want.by {
		rows := 0
		for _, row := range got.By[table] {
			c, known := names[row["name"].(string)]
			if known {
				rows++
			}
			for a, n := range c {
				if got := row[Action(a).String()]; float64(n) != got && (got != nil || n != 0) {
					t.Fatalf("by %s: %v, want %v", table, row, c)
				}
			}
		}
		if rows != len(names) {
			t.Errorf("by %s: %d rows, want %d", table, rows, len(names))
		}
	}
}

// reported gives a log to the program or to this package.
func reported(t *testing.T, log io.Reader) []byte {
	t.Helper()
	if *program == "" {
		f, err := logfile.Open(logfile.Stdin, log, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := New(time.UTC)
		s.Read(f)
		var out bytes.Buffer
		if err := s.WriteJSON(&out); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	cmd := exec.CommandContext(t.Context(), *program, "report", "--json", "-")
	cmd.Env = append(os.Environ(), "TZ=UTC")
	cmd.Stdin, cmd.Stderr = log, os.Stderr
	begin := time.Now()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	t.Logf("%d records in %v (%v of processor time), at most %d MiB of memory", *records, time.Since(begin).Round(time.Millisecond),
		(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Round(time.Millisecond), usage.Maxrss/1024)
	return out
}
