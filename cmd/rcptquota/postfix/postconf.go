package postfix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// postconfTimeout is how long one postconf(1) may take; it takes milliseconds, unless a
// file is on a disk that hangs.
const postconfTimeout = 10 * time.Second

// programs are where postconf(1) is: the PATH of an ordinary user may not have it.
var programs = []string{"postconf", "/usr/sbin/postconf", "/usr/local/sbin/postconf"}

// postconf runs postconf(1) for one instance.
type postconf struct {
	program string
	dir     string // empty: the default instance
	timeout time.Duration
}

func findPostconf(dir string, names []string) (postconf, error) {
	for _, name := range names {
		if program, err := exec.LookPath(name); err == nil {
			return postconf{program, dir, postconfTimeout}, nil
		}
	}
	return postconf{}, errors.New("postconf is not in the PATH; is Postfix installed here?")
}

// lines returns what postconf prints. Its warnings, about parameters that it does not
// know, are left out.
func (p postconf) lines(ctx context.Context, args ...string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	if p.dir != "" {
		args = append([]string{"-c", p.dir}, args...)
	}
	cmd := exec.CommandContext(ctx, p.program, args...) //nolint:gosec // postconf, and what it said itself
	cmd.WaitDelay = time.Second
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		if why := fatal(complaints.String()); why != "" {
			return nil, fmt.Errorf("postconf: %s (%w)", why, err)
		}
		return nil, fmt.Errorf("postconf %s: %w", strings.Join(args[:min(len(args), 3)], " "), err)
	}
	return strings.Split(strings.TrimRight(out.String(), "\n"), "\n"), nil
}

// fatal is what postconf said before it gave up.
func fatal(complaints string) string {
	for line := range strings.Lines(complaints) {
		if _, why, found := strings.Cut(line, "fatal: "); found {
			return strings.TrimSpace(why)
		}
	}
	return ""
}

// values returns the "name = value" that postconf prints, by name. Where postconf does
// not know a parameter, it has no value.
func (p postconf) values(ctx context.Context, args ...string) (map[string]string, error) {
	lines, err := p.lines(ctx, args...)
	values := make(map[string]string, len(lines))
	for _, line := range lines {
		if name, value, found := strings.Cut(line, " ="); found {
			values[name] = strings.TrimSpace(value)
		}
	}
	return values, err
}
