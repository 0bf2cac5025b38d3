package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/config"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
)

// asking is what the commands that ask a running rcptquota have in common.
type asking struct {
	config string // path
	socket string // path; empty: as the configuration says
	json   bool
}

// flags adds the flags --config, --socket and --json.
func (a *asking) flags(cmd *cobra.Command) {
	configFlag(cmd, &a.config)
	cmd.Flags().StringVar(&a.socket, "socket", "", "the control socket of the running rcptquota; default: as the configuration file says")
	cmd.Flags().BoolVar(&a.json, "json", false, "print JSON, for programs")
}

// client returns a client of the running rcptquota. The caller closes it.
func (a *asking) client() (*control.Client, error) {
	if a.socket != "" {
		return control.NewClient(a.socket), nil
	}
	socket, err := controlSocket(a.config)
	if err != nil {
		return nil, fmt.Errorf("find the socket of the running rcptquota: %w; name it with --socket, or the configuration file with --config", err)
	}
	return control.NewClient(socket), nil
}

// get asks the running rcptquota.
func get[T any](ctx context.Context, a *asking, path string) (answer T, err error) {
	client, err := a.client()
	if err != nil {
		return answer, err
	}
	defer client.Close()
	return control.Get[T](ctx, client, path)
}

// post has the running rcptquota do something, or answer a question that is too long for a
// path.
func post[T any](ctx context.Context, a *asking, path string, in any) (answer T, err error) {
	client, err := a.client()
	if err != nil {
		return answer, err
	}
	defer client.Close()
	return control.Post[T](ctx, client, path, in)
}

// controlSocket finds the control socket that a configuration file names. Other mistakes
// in the file do not matter here: the running rcptquota goes by the one that it has.
func controlSocket(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	c := struct {
		StateDir string         `toml:"state_dir"`
		Control  control.Config `toml:"control"`
	}{StateDir: config.DefaultStateDir}
	if err := toml.Unmarshal(text, &c); err != nil {
		_, err = config.Load(path) // which tells it with its line
		return "", err
	}
	socket := c.Control.Path(c.StateDir)
	if socket == "" {
		return "", fmt.Errorf(`%s has [control] socket = "off"`, path)
	}
	return socket, nil
}

// print prints value as JSON, or has people print it.
func (a *asking) print(out io.Writer, value any, people func()) error {
	if !a.json {
		people()
		return nil
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
