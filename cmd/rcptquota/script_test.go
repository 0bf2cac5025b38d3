package main

import (
	"context"
	"net"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/cmd/rcptquota/service"
	"github.com/rcptquota/rcptquota/test/servers"
)

func TestMain(m *testing.M) {
	// Without the pause that the race detector makes at each end of the program.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"rcptquota": main})
}

// TestScripts plays the dialogues of testdata/script: the commands as an
// administrator types them, and what they say.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await, "expand": expand, "until-problem": untilProblem, "until-refusals": untilRefusals},
		Setup: func(e *testscript.Env) error {
			dir, err := os.MkdirTemp("", "rq") // a short path, for a socket
			if err != nil {
				return err
			}
			e.Defer(func() { _ = os.RemoveAll(dir) })
			e.Setenv("SOCKET", dir+"/s.sock")
			return nil
		},
	})
}

// await waits until a unix socket accepts connections.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await SOCKET")
	}
	accepts := func() bool {
		conn, err := net.Dial("unix", args[0])
		return err == nil && conn.Close() == nil
	}
	if !servers.Wait(accepts) {
		ts.Fatalf("nothing listens on %s", args[0])
	}
}

// expand replaces the script's variables in a file.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: expand FILE")
	}
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// untilProblem waits until the rcptquota on a control socket tells of a problem.
func untilProblem(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: until-problem SOCKET")
	}
	client := control.NewClient(ts.MkAbs(args[0]))
	defer client.Close()
	degraded := func() bool {
		st, err := control.Get[service.Status](context.Background(), client, "/status")
		ts.Check(err)
		return st.Degraded
	}
	if !servers.Wait(degraded) {
		ts.Fatalf("it tells of no problem")
	}
}
