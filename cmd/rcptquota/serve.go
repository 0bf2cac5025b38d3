package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/logging"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
)

func serveCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer Postfix until told to stop (SIGTERM, SIGINT); reload the configuration on SIGHUP",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ignoreSignals()
			hangups := make(chan os.Signal, 1) // from now on, so that none ends us
			signal.Notify(hangups, syscall.SIGHUP)
			defer signal.Stop(hangups)
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, os.Interrupt)
			defer stop()
			logs := logging.NewQueue(logging.OpenStderr())
			defer logs.Finish()
			if err := service.Run(ctx, path, version(), logs, hangups); err != nil {
				fmt.Fprintf(logs, "rcptquota: %v\n", err)
				if logs.InFile() { // who started us reads standard error
					fmt.Fprintf(os.Stderr, "rcptquota: %v\n", err)
				}
				return errLogged
			}
			return nil
		},
	}
	configFlag(cmd, &path)
	return cmd
}

// ignoreSignals ignores signals that would end or suspend the program though nobody
// meant to stop it.
func ignoreSignals() {
	signal.Ignore(
		syscall.SIGPIPE, // the reader of standard error is gone: the write fails instead
		syscall.SIGTTOU, // a write to the terminal from the background, after "stty tostop"
	)
}
