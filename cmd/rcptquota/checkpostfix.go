package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix/pitfall"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/term"
	"github.com/rcptquota/rcptquota/milter"
)

// everyInstance is the value of --postfix without a folder.
const everyInstance = "*"

// postfixChecking is the part of "rcptquota check" that reads Postfix.
type postfixChecking struct {
	folder  string            // empty: off
	sockets map[string]string // addresses of systemd's sockets, by name
	ignore  []string          // names of pitfalls
	json    bool
}

// postfixReport is what is found in one instance, as --json writes it.
type postfixReport struct {
	Folder   string            `json:"directory"`
	Version  string            `json:"version"`
	Findings []pitfall.Finding `json:"findings"`
	Notes    []string          `json:"notes"`
}

// run reads the instances of Postfix, and prints what is wrong with them. The error is
// errFound if anything is.
func (c *postfixChecking) run(ctx context.Context, out io.Writer, settings *config.Config, members map[string]int) error {
	if err := c.knowPitfalls(); err != nil {
		return err
	}
	wanted, err := c.wanted(settings, members)
	if err != nil {
		return err
	}
	reports, err := c.readAll(ctx, wanted)
	if err != nil {
		return fmt.Errorf("Postfix: %w", err) //nolint:staticcheck // a name
	}
	if err := c.print(out, reports); err != nil {
		return err
	}
	if slices.ContainsFunc(reports, func(r postfixReport) bool { return len(r.Findings) > 0 }) {
		return errFound
	}
	return nil
}

func (c *postfixChecking) knowPitfalls() error {
	for _, name := range c.ignore {
		if !slices.ContainsFunc(pitfall.Pitfalls, func(p pitfall.Pitfall) bool { return p.Name == name }) {
			return fmt.Errorf("--ignore %s: there is no pitfall of that name; configuration.md lists them", name)
		}
	}
	return nil
}

// wanted is what the configuration needs of Postfix.
func (c *postfixChecking) wanted(settings *config.Config, members map[string]int) (*postfix.Wanted, error) {
	w := &postfix.Wanted{
		HighestLimit:       settings.Rules().HighestLimit(),
		ListDomains:        settings.ListDomains(),
		RecipientDelimiter: settings.Senders.RecipientDelimiter,
		Members:            members,
		Answer:             milter.AnswerTimeout,
		Restart:            service.DrainTimeout,
	}
	for _, l := range settings.Listen {
		address, err := c.address(l.Address)
		if err != nil {
			return nil, err
		}
		w.Sockets = append(w.Sockets, postfix.Socket{
			Address: address, Inherited: address != l.Address, Role: l.MessageRole(), CountsAtData: l.CountsAtData(),
		})
	}
	return w, nil
}

// address is where a [[listen]] is, if need be by systemd's socket unit.
func (c *postfixChecking) address(configured string) (string, error) {
	name, inherited := strings.CutPrefix(configured, "systemd:")
	if !inherited {
		return configured, nil
	}
	if address, known := c.sockets[name]; known {
		return address, nil
	}
	address, err := postfix.SystemdSocket(name, postfix.UnitFolders)
	if err == nil && address == "" {
		err = fmt.Errorf("no socket unit has FileDescriptorName=%s; enable it, or tell with --systemd-socket %s=unix:/PATH where it listens", name, name)
	}
	return address, err
}

// readAll reads the instance of the folder; without one, all instances of the machine.
func (c *postfixChecking) readAll(ctx context.Context, wanted *postfix.Wanted) ([]postfixReport, error) {
	folder := c.folder
	if folder == everyInstance {
		folder = ""
	}
	first, err := postfix.Read(ctx, folder, wanted)
	if err != nil {
		return nil, err
	}
	all := []*postfix.Installation{first}
	for _, other := range first.Others() {
		if c.folder != everyInstance {
			break
		}
		in, err := postfix.Read(ctx, other, wanted)
		if err != nil {
			return nil, err
		}
		if in.Enabled() {
			all = append(all, in)
		}
	}
	reports := make([]postfixReport, 0, len(all))
	for _, in := range all {
		findings := slices.DeleteFunc(pitfall.Check(in, wanted), func(f pitfall.Finding) bool { return slices.Contains(c.ignore, f.Pitfall) })
		reports = append(reports, postfixReport{
			Folder: in.Dir, Version: in.Version.String(), Findings: append([]pitfall.Finding{}, findings...), Notes: pitfall.Notes(in, wanted),
		})
	}
	return reports, nil
}

func (c *postfixChecking) print(out io.Writer, reports []postfixReport) error {
	if c.json {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"postfix": reports})
	}
	p := term.New(out)
	for _, r := range reports {
		switch n := len(r.Findings); n {
		case 0:
			p.Line("Postfix %s in %s: nothing is wrong", r.Version, r.Folder)
		case 1:
			p.Line("Postfix %s in %s: one thing is wrong", r.Version, r.Folder)
		default:
			p.Line("Postfix %s in %s: %d things are wrong", r.Version, r.Folder, n)
		}
		for _, f := range r.Findings {
			printFinding(p, &f)
		}
		if len(r.Findings) > 0 {
			p.Blank()
			p.Line("Then: postfix -c %s reload", r.Folder)
		}
		for _, note := range r.Notes {
			p.Line("note: %s", note)
		}
	}
	return nil
}

func printFinding(p *term.Printer, f *pitfall.Finding) {
	p.Heading("%s", strings.Join(append([]string{f.Pitfall}, f.Services...), ", "))
	p.Line("%s.", f.Sentence)
	for _, line := range f.Write {
		p.Line("    %s", line)
	}
	if len(f.Configure) > 0 {
		p.Line("  in rcptquota.toml:")
	}
	for _, line := range f.Configure {
		p.Line("    %s", line)
	}
}

const checkPostfixLong = "With --postfix, it also reads the Postfix of this machine, or the one whose configuration is in\n" +
	"DIR, and names what there would let mail past rcptquota or refuse mail without need, with the\n" +
	"command that puts it right. It changes nothing. Run it as root: then it tries the sockets as\n" +
	"the user postfix does.\n\n"

func (c *postfixChecking) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.folder, "postfix", "", "read Postfix too: the configuration in `DIR`, or all instances of this machine")
	f.Lookup("postfix").NoOptDefVal = everyInstance
	f.StringSliceVar(&c.ignore, "ignore", nil, "with --postfix, a `PITFALL` to leave out; may be repeated")
	f.StringToStringVar(&c.sockets, "systemd-socket", nil, "with --postfix, where the socket unit of \"systemd:NAME\" listens, as `NAME=unix:/PATH`, if its unit is not installed here")
	f.BoolVar(&c.json, "json", false, "with --postfix, print what is found in Postfix as JSON")
}

// arguments takes the folder after "--postfix", which a flag with an optional value
// leaves among the arguments.
func (c *postfixChecking) arguments(args []string) error {
	switch {
	case c.folder == "" && (c.json || len(c.ignore) > 0 || len(c.sockets) > 0):
		return errors.New("--json, --ignore and --systemd-socket need --postfix")
	case len(args) > 0 && c.folder != everyInstance:
		return fmt.Errorf("unexpected argument %q", args[0])
	case len(args) > 0:
		c.folder = args[0]
	}
	return nil
}

// ours is where the rest of check writes: with --json, nowhere.
func (c *postfixChecking) ours(out io.Writer) io.Writer {
	if c.json {
		return io.Discard
	}
	return out
}
