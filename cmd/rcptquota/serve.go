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
		Short: "Answer Postfix until told to stop (SIGTERM, SIGINT)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ignoreSignals()
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, os.Interrupt)
			defer stop()
			logs := logging.NewQueue(logging.OpenStderr())
			defer logs.Finish()
			if err := service.Run(ctx, path, version(), logs); err != nil {
				fmt.Fprintf(logs, "rcptquota: %v\n", err)
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
		syscall.SIGHUP,  // it would end us without a drain; the configuration is read at start only
		syscall.SIGPIPE, // the reader of standard error is gone: the write fails instead
		syscall.SIGTTOU, // a write to the terminal from the background, after "stty tostop"
	)
}
