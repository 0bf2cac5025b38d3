//go:build servers

package test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rcptquota/rcptquota/test/servers"
)

var update = flag.Bool("update", false, "write what commands say into testdata/postfix and the manual")

// shippedPostfix is a Postfix set up with the files of deployFolder as they are, not
// started, and rcptquota's sockets as the socket units make them.
func shippedPostfix(t *testing.T) *deployed {
	t.Helper()
	d := &deployed{t: t, config: filepath.Join(servers.Scratch(t), "rcptquota.toml")}
	writeFile(t, d.config, withDirectoryFile(deployFile(t, "rcptquota.toml")))
	writeFile(t, filepath.Join(filepath.Dir(d.config), "directory.toml"), deployFile(t, "directory.toml"))
	d.postfix = servers.PreparePostfix(t, servers.PostfixConfig{
		Main:   settings(deployFile(t, "main.cf")),
		Master: deployFile(t, "master.cf"),
	})
	for _, name := range []string{"rcptquota-submission.socket", "rcptquota-inbound.socket"} {
		d.listen(deployFile(t, name))
	}
	return d
}

func TestCheckPostfixOnWhatIsShipped(t *testing.T) {
	d := shippedPostfix(t)
	p := pitfall{etc: filepath.Join(d.postfix.Dir, "etc"), queue: filepath.Join(d.postfix.Dir, "queue"), config: d.config}
	said, err := p.check(t)
	if err != nil || !strings.HasSuffix(said, ": nothing is wrong\n") {
		t.Errorf("%v\n%s", err, said)
	}
	d.addLists(t)
	said, err = p.check(t, "--list", "parents-6b@listes.ac-test.fr")
	if err != nil || !strings.HasSuffix(said, ": nothing is wrong\n") {
		t.Errorf("with the lists that Postfix expands: %v\n%s", err, said)
	}
}

// addLists adds the recipe for lists without a list manager.
func (d *deployed) addLists(t *testing.T) {
	t.Helper()
	d.postfix.Postconf(t, append([]string{"-e"}, settings(deployFile(t, "lists-main.cf"))...)...)
	master := filepath.Join(d.postfix.Dir, "etc", "master.cf")
	text, err := os.ReadFile(master)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, master, string(text)+deployFile(t, "lists-master.cf"))
}

// pitfall is one installation that has one: what is shipped, with the changes of a
// file in testdata/postfix. Of its sections,
//
//	postconf        has arguments of postconf(1), line by line;
//	main.cf         is added to main.cf;
//	master.cf       is added to master.cf;
//	shell           is run, with $QUEUE and $ETC;
//	rcptquota.toml  replaces ours, as directory.toml does;
//	arguments       are further ones of check --postfix;
//	before          are versions of Postfix, one of a series, that no longer have it;
//	found           is what it must say;
//	left            is what it must say once all that it said was done; empty: that
//	                nothing is wrong.
type pitfall struct {
	etc, queue, config string
}

// TestCheckPostfix has every pitfall on a real Postfix, and does what is said.
func TestCheckPostfix(t *testing.T) {
	d := shippedPostfix(t)
	files, err := filepath.Glob("testdata/postfix/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { playPitfall(t, d, file) })
	}
}

func playPitfall(t *testing.T, d *deployed, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, f := range archive.Files {
		sections[f.Name] = string(f.Data)
	}
	p := d.copy(t)
	p.apply(t, sections)
	args := strings.Fields(sections["arguments"])
	found, err := p.check(t, args...)
	if mended(t, sections["before"]) {
		if err != nil || !strings.Contains(found, ": nothing is wrong\n") {
			t.Errorf("in a Postfix that is not concerned: %s, %v", found, err)
		}
		return
	}
	p.compare(t, archive, "found", found)
	if (err != nil) == strings.Contains(found, ": nothing is wrong\n") {
		t.Errorf("exit status: %v", err)
	}
	left := ""
	if err != nil {
		p.do(t, found)
		if said, err := p.check(t, args...); err != nil {
			left = said
		}
	}
	p.compare(t, archive, "left", left)
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// mended reports whether this machine's Postfix is one of versions, or a later one of
// the same series.
func mended(t *testing.T, versions string) bool {
	t.Helper()
	if versions == "" {
		return false
	}
	output, err := exec.CommandContext(t.Context(), "postconf", "-dh", "mail_version").Output()
	if err != nil {
		t.Fatal(err)
	}
	installed := strings.Split(strings.TrimSpace(string(output)), ".")
	for version := range strings.FieldsSeq(versions) {
		first := strings.Split(version, ".")
		if slices.Equal(first[:2], installed[:2]) {
			return number(t, installed[2]) >= number(t, first[2])
		}
	}
	return number(t, installed[0]) > 3 || number(t, installed[1]) > 11
}

func number(t *testing.T, digits string) int {
	t.Helper()
	n, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// copy gives a case a configuration folder of its own.
func (d *deployed) copy(t *testing.T) pitfall {
	t.Helper()
	dir := servers.Scratch(t)
	p := pitfall{etc: filepath.Join(dir, "etc"), queue: filepath.Join(d.postfix.Dir, "queue"), config: filepath.Join(dir, "rcptquota.toml")}
	if err := os.CopyFS(p.etc, os.DirFS(filepath.Join(d.postfix.Dir, "etc"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rcptquota.toml", "directory.toml"} {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(d.config), name))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, name), string(text))
	}
	return p
}

func (p pitfall) apply(t *testing.T, sections map[string]string) {
	t.Helper()
	for line := range strings.Lines(sections["postconf"]) {
		p.shell(t, "postconf -c $ETC "+line)
	}
	for _, name := range []string{"main.cf", "master.cf"} {
		text, err := os.ReadFile(filepath.Join(p.etc, name))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(p.etc, name), string(text)+os.Expand(sections[name], p.variable))
	}
	for _, name := range []string{"rcptquota.toml", "directory.toml"} {
		if text := sections[name]; text != "" {
			writeFile(t, filepath.Join(filepath.Dir(p.config), name), os.Expand(text, p.variable))
		}
	}
	p.shell(t, sections["shell"])
}

// variable leaves Postfix's own alone.
func (p pitfall) variable(name string) string {
	switch name {
	case "ETC":
		return p.etc
	case "QUEUE":
		return p.queue
	}
	return "$" + name
}

func (p pitfall) shell(t *testing.T, script string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", script)
	cmd.Env = append(os.Environ(), "ETC="+p.etc, "QUEUE="+p.queue)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, output)
	}
}

// command is rcptquota check with further arguments.
func (p pitfall) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), program(), append([]string{
		"check", "--config", p.config,
		"--systemd-socket", "submission=unix:" + p.queue + "/rcptquota/submission.sock",
		"--systemd-socket", "inbound=unix:" + p.queue + "/rcptquota/inbound.sock",
	}, args...)...)
}

// version is this machine's, or the one that it should have.
var version = regexp.MustCompile(`Postfix \d+\.\d+\.\d+`)

// check returns what check --postfix says of Postfix, with the variables in place of
// what they stand for.
func (p pitfall) check(t *testing.T, args ...string) (string, error) {
	t.Helper()
	output, err := p.command(t, append([]string{"--postfix=" + p.etc}, args...)...).CombinedOutput()
	_, said, _ := strings.Cut(string(output), "\nPostfix ")
	if said == "" {
		t.Fatalf("%v\n%s", err, output)
	}
	said = version.ReplaceAllString("Postfix "+said, "Postfix VERSION")
	said = strings.NewReplacer(p.etc, "$ETC", p.queue, "$QUEUE").Replace(said)
	return said, err
}

// do does what was said: the commands, and the tables of rcptquota.toml.
func (p pitfall) do(t *testing.T, said string) {
	t.Helper()
	said, _, _ = strings.Cut(said, "\nThen: ")
	ours := false
	var tables []string
	for line := range strings.Lines(said) {
		command, found := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		switch {
		case strings.HasPrefix(line, "  in rcptquota.toml:"):
			ours = true
		case !found:
			ours = false
		case !ours && !strings.HasPrefix(command, "systemctl "):
			p.shell(t, command)
		case ours && (len(tables) > 0 || strings.HasPrefix(command, "[")):
			tables = append(tables, command)
		}
	}
	if len(tables) > 0 {
		text, err := os.ReadFile(p.config)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, p.config, fmt.Sprintf("%s\n%s\n", text, strings.Join(tables, "\n")))
	}
}

func (p pitfall) compare(t *testing.T, archive *txtar.Archive, section, got string) {
	t.Helper()
	for i := range archive.Files {
		if archive.Files[i].Name != section {
			continue
		}
		want := string(archive.Files[i].Data)
		if *update {
			archive.Files[i].Data = []byte(got)
		} else if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", section, got, want)
		}
		return
	}
	if *update && got != "" {
		archive.Files = append(archive.Files, txtar.File{Name: section, Data: []byte(got)})
	} else if got != "" {
		t.Errorf("%s: got\n%s\nwant nothing", section, got)
	}
}
