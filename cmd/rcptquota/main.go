package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	redislog "github.com/redis/go-redis/v9/logging"
	"github.com/spf13/cobra"
)

const (
	exitOK     = 0
	exitFound  = 1 // check found mistakes, probe was refused
	exitFailed = 2
)

// errFound ends a command that did its work and has already told what it found.
var errFound = errors.New("found")

// errLogged ends a command that failed and has already logged why.
var errLogged = errors.New("logged")

func main() { os.Exit(run()) }

func run() int {
	redislog.Disable() // the Redis library would also log the errors that it returns
	err := rootCommand().ExecuteContext(context.Background())
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFound):
		return exitFound
	case errors.Is(err, errLogged):
		return exitFailed
	}
	fmt.Fprintf(os.Stderr, "rcptquota: %v\n", err)
	return exitFailed
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "rcptquota",
		Short:         "A milter that limits how many recipients one sender may reach, and who may post to mailing lists",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(serveCommand(), checkCommand(), probeCommand(), reloadCommand(), rosterCommand(), statusCommand(), versionCommand(),
		explainCommand(), refusalsCommand(), grantCommand(), grantsCommand(), revokeCommand(), reportCommand(), replayCommand(),
		usageCommand(), listCommand(), resetCommand())
	return root
}

// configFlag adds the flag --config.
func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "/etc/rcptquota/rcptquota.toml", "configuration file")
}
