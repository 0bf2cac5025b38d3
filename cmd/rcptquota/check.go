package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/ldapcache"
)

func checkCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read the configuration and tell every mistake with file, line and key",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(path)
			if err == nil {
				err = checkDirectory(c)
			}
			if err != nil {
				fmt.Fprintln(cmd.ErrOrStderr(), err)
				return errFound
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: good; Postfix needs smtpd_recipient_limit = %d or more\n%s\n",
				path, c.HighestLimit()+1, strings.Join(c.Summary(), "\n"))
			return nil
		},
	}
	configFlag(cmd, &path)
	return cmd
}

// checkDirectory opens the directory as serve would: a directory in a file is
// read whole.
func checkDirectory(c *config) error {
	directory, err := ldapcache.Open(c.Directory, c.MatchAttributes())
	if err != nil {
		return err
	}
	return errors.Join(directory.Close())
}
