package servers

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
)

// LogFile is a log that a server writes line by line.
type LogFile struct {
	Path string
	from atomic.Int64
}

// Forget hides what the log holds now: the lines that a test looks for are its
// own.
func (l *LogFile) Forget() {
	if info, err := os.Stat(l.Path); err == nil {
		l.from.Store(info.Size())
	}
}

// Lines returns the complete lines since Forget. A file that is not there yet
// has none.
func (l *LogFile) Lines() []string {
	content, err := os.ReadFile(l.Path)
	if err != nil {
		return nil
	}
	content = content[min(int(l.from.Load()), len(content)):]
	content = content[:bytes.LastIndexByte(content, '\n')+1]
	if len(content) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
}

// Grep returns those of Lines that match.
func (l *LogFile) Grep(pattern *regexp.Regexp) []string {
	var found []string
	for _, line := range l.Lines() {
		if pattern.MatchString(line) {
			found = append(found, line)
		}
	}
	return found
}

// Await waits until at least count lines match and returns them.
func (l *LogFile) Await(pattern *regexp.Regexp, count int) ([]string, error) {
	var found []string
	enough := Wait(func() bool {
		found = l.Grep(pattern)
		return len(found) >= count
	})
	if !enough {
		return nil, fmt.Errorf("%s: %d of %d lines match %q after %v; it says:\n%s",
			l.Path, len(found), count, pattern, maxWait, strings.Join(l.Lines(), "\n"))
	}
	return found, nil
}
