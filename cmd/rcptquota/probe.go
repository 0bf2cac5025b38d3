package main

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/milter"
)

func probeCommand() *cobra.Command {
	var (
		address, client string
		count           int
		domain          string
		to              []string
		probe           = milter.Probe{QueueID: "PROBE"}
	)
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "Play one message to a running milter as Postfix would, and print the reply",
		Long: "Play one message to a running milter as Postfix would, and print the reply that a\n" +
			"mail user would read. Unless --complete is given, the message is given up after\n" +
			"DATA: it is judged, but neither counted nor logged when it passes. One that would\n" +
			"go to a list's managers instead passes; the log tells.\n\n" +
			"Exit status: 0 when the message passes, 1 when it is refused or deferred, 2 when\n" +
			"the milter could not be asked.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if probe.Client, err = netip.ParseAddr(client); err != nil {
				return fmt.Errorf("--client: %w", err)
			}
			if count < 0 {
				return fmt.Errorf("--recipients: %d is no number of recipients", count)
			}
			probe.Recipients = slices.Concat(to, generated(count, domain))
			reply, err := probe.Run(address)
			if err != nil {
				return fmt.Errorf("ask the milter at --address %s: %w", address, err)
			}
			if reply != "" {
				fmt.Fprintln(cmd.OutOrStdout(), reply)
				return errFound
			}
			fmt.Fprintln(cmd.OutOrStdout(), "accepted")
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&address, "address", milter.DefaultListen()[0].Address, `the milter: "unix:/path" or "inet:host:port"`)
	f.StringVar(&client, "client", "192.0.2.1", "the SMTP client's address")
	f.StringVar(&probe.Login, "login", "", "the SASL login; empty: not authenticated")
	f.StringVar(&probe.From, "from", "probe@example.org", "the envelope sender; empty: the null sender")
	f.StringArrayVar(&to, "to", nil, "a recipient; may be repeated")
	f.IntVar(&count, "recipients", 0, "how many more recipients to make up")
	f.StringVar(&domain, "domain", "example.org", "the domain of the recipients made up")
	f.StringVar(&probe.QueueID, "queue-id", probe.QueueID, "the queue id that replies quote")
	f.BoolVar(&probe.Complete, "complete", false, "go on to the end of the message, so that it counts and is logged")
	return cmd
}

// generated makes up n distinct recipients.
func generated(n int, domain string) []string {
	var addresses []string
	for i := range n {
		addresses = append(addresses, fmt.Sprintf("recipient%d@%s", i+1, domain))
	}
	return addresses
}
