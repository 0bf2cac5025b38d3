//go:build servers

package test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The chapter of questions shows what commands print. TestQuestions plays a scene with
// real servers, runs each command of the chapter in its order, and compares. With
//
//	go test -tags servers -run '^TestQuestions$' ./test -update
//
// it writes what they print into the chapter.

// questionsPage is the chapter.
const questionsPage = deployFolder + "/questions.md"

var (
	questionHeading = regexp.MustCompile(`(?m)^### (.+)$`)
	dialogue        = regexp.MustCompile("(?ms)^```\n(\\$ .*?)^```$")
	runOfSpaces     = regexp.MustCompile(`  +`)
)

func TestQuestions(t *testing.T) {
	t.Setenv("TZ", "UTC") // whose hours are never there twice
	s := startScene(t)
	page, err := os.ReadFile(questionsPage)
	if err != nil {
		t.Fatal(err)
	}
	before := s.before()
	var written strings.Builder
	for i, part := range splitBefore(string(page), questionHeading) {
		if i > 0 {
			question := questionHeading.FindStringSubmatch(part)[1]
			if change := before[question]; change != nil {
				change()
				delete(before, question)
			}
			if !dialogue.MatchString(part) {
				t.Errorf("%q has no command", question)
			}
		}
		written.WriteString(dialogue.ReplaceAllStringFunc(part, func(old string) string { return s.repeat(old) }))
	}
	for question := range before {
		t.Errorf("nobody asks %q", question)
	}
	if *update && written.String() != string(page) {
		if err := os.WriteFile(questionsPage, []byte(written.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// splitBefore cuts a text before each match.
func splitBefore(text string, pattern *regexp.Regexp) (parts []string) {
	start := 0
	for _, at := range pattern.FindAllStringIndex(text, -1) {
		parts = append(parts, text[start:at[0]])
		start = at[0]
	}
	return append(parts, text[start:])
}

// repeat runs the commands of a dialogue, each a line with "$ ", and returns it with
// what they print now, or as it is if that is the same.
func (s *scene) repeat(old string) string {
	var b strings.Builder
	b.WriteString("```\n")
	for line := range strings.Lines(dialogue.FindStringSubmatch(old)[1]) {
		if command, found := strings.CutPrefix(line, "$ "); found {
			b.WriteString(line + s.run(strings.TrimSpace(command)))
		}
	}
	b.WriteString("```")
	// Columns are as wide as queue ids and paths of this machine are.
	narrow := func(text string) string { return runOfSpaces.ReplaceAllString(text, "  ") }
	if narrow(b.String()) == narrow(old) {
		return old
	}
	if !*update {
		s.t.Errorf("%s: the commands print something else; run `go test -tags servers -run '^TestQuestions$' ./test -update`\nnow:\n%s\nin the chapter:\n%s",
			questionsPage, b.String(), old)
	}
	return b.String()
}

// asRoot stands for what a shell of the relay has: rcptquota's default configuration, and
// systemd, which knows where the sockets are.
const asRoot = `
rcptquota() {
	case "$*" in
	*--config*) "$PROGRAM" "$@" ;;
	probe*) "$PROGRAM" "$@" ;;
	check*--postfix*) "$PROGRAM" "$@" --config "$CONFIG" --systemd-socket "submission=unix:$SOCKETS/submission.sock" --systemd-socket "inbound=unix:$SOCKETS/inbound.sock" ;;
	*) "$PROGRAM" "$@" --config "$CONFIG" ;;
	esac
}
`

// run runs a command of the chapter, and returns what it prints as the chapter shows it.
// That a command fails is seen in what it prints.
func (s *scene) run(command string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "sh", "-c", asRoot+s.names.real(command))
	cmd.Dir = filepath.Dir(s.config)
	cmd.Env = append(os.Environ(), "PROGRAM="+program(), "CONFIG="+s.config, "SOCKETS="+filepath.Join(s.postfix.Dir, "queue", "rcptquota"))
	output, err := cmd.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		s.t.Fatal(err)
	}
	return s.names.shown(string(output))
}
