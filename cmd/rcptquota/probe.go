package main

import (
	"fmt"
	"io"
	"net/netip"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/milter"
)

const probeLong = "Play one message to a running milter as Postfix would, and print the reply that a\n" +
	"mail user would read. The message goes through to its end, as a user's message does:\n" +
	"it counts against the windows of the login, and is logged. Nobody receives it, not\n" +
	"even the members of a list: only Postfix delivers mail. With --until-data it is given\n" +
	"up after DATA and, if it passes, neither counted nor logged; problems at the end of\n" +
	"messages then go unnoticed.\n" +
	"A message that would be redirected to a list's managers passes; the log says so.\n\n" +
	"Exit status: 0 when the message passes, 1 when it is refused or deferred, 2 when\n" +
	"the milter could not be asked, or did not answer within 30 s."

func probeCommand() *cobra.Command {
	var (
		address, client string
		count           int
		domain          string
		to              []string
		complete        bool
		probe           = milter.Probe{QueueID: "PROBE"}
	)
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "Play one message to a running milter as Postfix would, and print the reply",
		Long:  probeLong,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			probe.UntilData = probe.UntilData || !complete
			if probe.Client, err = netip.ParseAddr(client); err != nil {
				return fmt.Errorf("--client: %w", err)
			}
			if count < 0 {
				return fmt.Errorf("--recipients: %d is no number of recipients", count)
			}
			probe.Recipients = slices.Concat(to, generated(count, domain))
			return runProbe(cmd.OutOrStdout(), &probe, address)
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
	f.BoolVar(&probe.UntilData, "until-data", false, "give the message up after DATA, so that it is neither counted nor logged when it passes")
	// Scripts may still have it from the time when a probe ended after DATA by default.
	f.BoolVar(&complete, "complete", true, "go on to the end of the message, which is the default")
	f.Lookup("complete").Hidden = true
	cmd.MarkFlagsMutuallyExclusive("complete", "until-data")
	return cmd
}

// runProbe plays a message, and prints the reply that its sender would read.
func runProbe(out io.Writer, probe *milter.Probe, address string) error {
	outcome, err := probe.Play(address)
	if err != nil {
		return fmt.Errorf("ask the milter at --address %s: %w", address, err)
	}
	switch {
	case outcome.Reply != "":
		fmt.Fprintln(out, outcome.Reply)
		return errFound
	case outcome.Held:
		fmt.Fprintln(out, "accepted, and put on hold")
	default:
		fmt.Fprintln(out, "accepted")
	}
	return nil
}

// generated makes up n distinct recipients.
func generated(n int, domain string) []string {
	var addresses []string
	for i := range n {
		addresses = append(addresses, fmt.Sprintf("recipient%d@%s", i+1, domain))
	}
	return addresses
}
