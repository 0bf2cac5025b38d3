package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"
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

// openLog returns the log of a validated configuration, written to file, each
// line with the name of the relay if it has one. It becomes the program's default, so that the milter library's own lines, which
// it writes when a peer breaks the protocol, come into it as warnings.
func (c *logConfig) openLog(file *os.File, relay string) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	var handler slog.Handler
	switch options := (&slog.HandlerOptions{Level: level}); {
	case c.Format == "json":
		handler = slog.NewJSONHandler(file, options)
	case c.Format == "auto" && term.IsTerminal(int(file.Fd())):
		handler = tint.NewTextHandler(file, &tint.Options{Level: level})
	default:
		handler = slog.NewTextHandler(file, options)
	}
	log := slog.New(handler)
	if relay != "" {
		log = log.With("relay", relay)
	}
	slog.SetLogLoggerLevel(slog.LevelWarn)
	slog.SetDefault(log)
	return log, nil
}
