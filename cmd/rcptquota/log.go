package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"syscall"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/lmittmann/tint"
	"github.com/redis/go-redis/v9"
	"golang.org/x/term"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// logConfig is the table [log].
type logConfig struct {
	// Level is "debug", "info", "warn" or "error": records below it are left out.
	Level string `toml:"level"`
	// Format is "auto" (coloured on a terminal, logfmt otherwise), "logfmt" or
	// "json".
	Format string `toml:"format"`
}

func defaultLog() logConfig { return logConfig{Level: "info", Format: "auto"} }

// Validate implements [conf.Validator].
func (c *logConfig) Validate() error {
	var errs []error
	var level slog.Level
	if level.UnmarshalText([]byte(c.Level)) != nil {
		errs = append(errs, conf.Errorf("log.level", `%q is not known; write "debug", "info", "warn" or "error"`, c.Level))
	}
	switch c.Format {
	case "auto", "logfmt", "json":
	default:
		errs = append(errs, conf.Errorf("log.format", `%q is not known; write "auto", "logfmt" or "json"`, c.Format))
	}
	return errors.Join(errs...)
}

// openLog returns the log of a validated configuration, written to out, each
// line with the name of the relay if it has one. It becomes the program's default, so that the milter library's own lines, which
// it writes when a peer breaks the protocol, come into it as warnings, and so do
// those of the libraries for LDAP and Redis.
func (c *logConfig) openLog(out io.Writer, terminal bool, relay string) (*slog.Logger, error) {
	handler, err := c.handler(terminal, relay)
	if err != nil {
		return nil, err
	}
	if queue, ok := out.(*logQueue); ok {
		queue.tellBy(handler)
	}
	log := slog.New(handler(out))
	slog.SetLogLoggerLevel(slog.LevelWarn)
	slog.SetDefault(log)
	goldap.Logger(slog.NewLogLogger(log.Handler(), slog.LevelWarn))
	redis.SetLogger(redisLog{log})
	return log, nil
}

// handler returns what makes the log's handlers.
func (c *logConfig) handler(terminal bool, relay string) (func(io.Writer) slog.Handler, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	format := func(w io.Writer) slog.Handler {
		switch options := (&slog.HandlerOptions{Level: level}); {
		case c.Format == "json":
			return slog.NewJSONHandler(w, options)
		case c.Format == "auto" && terminal:
			return tint.NewTextHandler(w, &tint.Options{Level: level})
		default:
			return slog.NewTextHandler(w, options)
		}
	}
	if relay == "" {
		return format, nil
	}
	return func(w io.Writer) slog.Handler {
		return format(w).WithAttrs([]slog.Attr{slog.String("relay", relay)})
	}, nil
}

// stderrIsTerminal reports whether standard error is a terminal.
func stderrIsTerminal() bool { return term.IsTerminal(syscall.Stderr) }

// redisLog takes the lines of the Redis library.
type redisLog struct{ log *slog.Logger }

// Printf implements the library's interface.
func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.WarnContext(ctx, fmt.Sprintf(format, args...)) //nolint:sloglint // the library's own texts
}
