package logging

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"syscall"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/lmittmann/tint"
	"golang.org/x/term"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// Config is the table [log].
type Config struct {
	// Level is "debug", "info", "warn" or "error". At "warn" only what was not simply
	// accepted is logged.
	Level string `toml:"level"`
	// Format is "auto" (coloured on a terminal, logfmt otherwise), "logfmt" or
	// "json".
	Format string `toml:"format"`
}

// Default returns the table [log] of an empty file.
func Default() Config { return Config{Level: "info", Format: "auto"} }

// Validate implements [conf.Validator].
func (c *Config) Validate() error {
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

// Open returns the log of a validated configuration, written to out, each
// line with the name of the relay if it has one. It becomes the program's default:
// what the milter library writes when a peer breaks the protocol is logged as a
// warning, and so is what the LDAP library writes. The Redis library is
// silenced by the program's main function.
func (c *Config) Open(out io.Writer, terminal bool, relay string) (*slog.Logger, error) {
	handler, err := c.handler(terminal, relay)
	if err != nil {
		return nil, err
	}
	if queue, ok := out.(*Queue); ok {
		queue.formatNotice(handler)
	}
	log := slog.New(handler(out))
	slog.SetLogLoggerLevel(slog.LevelWarn)
	slog.SetDefault(log)
	goldap.Logger(slog.NewLogLogger(log.Handler(), slog.LevelWarn))
	return log, nil
}

// handler returns a function that makes a handler of the configured format for a
// writer.
func (c *Config) handler(terminal bool, relay string) (func(io.Writer) slog.Handler, error) {
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
		// Message key "relay": `hostname`, if it is configured
		return format(w).WithAttrs([]slog.Attr{slog.String("relay", relay)})
	}, nil
}

// StderrIsTerminal reports whether standard error is a terminal.
func StderrIsTerminal() bool { return term.IsTerminal(syscall.Stderr) }
