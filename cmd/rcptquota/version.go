package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Tell what was built, and with which Go",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			version, compiler := "unknown", ""
			if info, ok := debug.ReadBuildInfo(); ok {
				version, compiler = info.Main.Version, info.GoVersion
			}
			fmt.Fprintln(cmd.OutOrStdout(), "rcptquota", version, compiler)
		},
	}
}
