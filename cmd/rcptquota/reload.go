package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
)

const reloadLong = "Have the running rcptquota reload its configuration, with the files that it names,\n" +
	"and tell how that went. If all of it is good, it is in force for every message that\n" +
	"begins afterwards. If anything is wrong, that is told with file, line and key, and the\n" +
	"previous configuration stays in force. Connections, counts and caches that still fit are kept.\n\n" +
	"SIGHUP does the same, and the log tells how it went.\n\n" +
	"Exit status: 0 if the configuration is in force, 1 if the previous one stays in force,\n" +
	"2 when nobody answers."

func reloadCommand() *cobra.Command {
	var a asking
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Have the running rcptquota reload its configuration, and tell how that went",
		Long:  reloadLong,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			done, err := post[service.Reloaded](cmd.Context(), &a, "/reload", nil)
			if _, told := errors.AsType[*control.Error](err); told {
				fmt.Fprintf(cmd.ErrOrStderr(), "%v\nThe previous configuration stays in force.\n", err)
				return errFound
			}
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			return a.print(out, done, func() { showReloaded(out, &done) })
		},
	}
	a.flags(cmd)
	return cmd
}

func showReloaded(out io.Writer, done *service.Reloaded) {
	fmt.Fprintf(out, "%s is in force.\n", done.Config)
	if len(done.Anew) > 0 {
		fmt.Fprintf(out, "Opened anew: %s.\n", strings.Join(done.Anew, ", "))
	}
}
