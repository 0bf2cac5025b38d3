package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota"
)

// What the log's messages and keys mean. A postmaster's scripts rely on them: they
// stay as they are, and none is added without a meaning here.

var messageRecords = [][2]string{
	{"accepted", "at the end of a message that passed (a message given up after DATA leaves no record); with `count = \"data\"`, at DATA"},
	{"refused", "at the refusal; in role inbound, for the RCPT refused; for the header, at the end of the message"},
	{"deferred", "the same, for a `4xx` reply"},
	{"redirected", "at the end of a message that went to a list's managers instead of the list"},
	{"held", "at the end of a message that Postfix took and put on hold, for a window with `exceeded = \"hold\"`"},
	{"would_refuse", "at the end of a message that passed only because rules are not enforced"},
}

var messageKeys = [][2]string{
	{"relay", "`hostname`, if it is configured"},
	{"queue_id", "Postfix's, to find the message in its log; the reference that the reply quotes. If an RCPT is refused before the message's first good one, " +
		"there is none: `NOQUEUE`, in Postfix's log and in the reply"},
	{"sender", "the login; absent if there was none; `<>` for the null sender of a trusted submitter, if it is counted"},
	{"class", "the sender's class; absent without a login, and with more recipients than any class allows, because the directory is then not asked"},
	{"reason", "`message_limit`, `window`, `concurrency`, `directory_unavailable`, `store_unavailable`, `unauthenticated`, `exempt_network`, " +
		"`list_posting`, `list_from`, `list_automatic`, `list_header`, `list_unchecked`, `visible_recipients`; absent if no rule applied"},
	{"recipients", "distinct recipients that count; all recipients, if nothing is counted"},
	{"limit", "the most that would have passed, of the message or of the window, or of the addresses that are visible"},
	{"visible", "how many addresses `To` and `Cc` show, if that is too many; counted up to 10001, never named"},
	{"window", "the window without room"},
	{"used", "what that window holds"},
	{"retry_at", "from when the message will pass; absent if it never will"},
	{"list", "the list that decided, or that alone is above the limit, or else the first in the alphabet that the message went to; only the domain, as " +
		"`@listes.example.org`, if the directory cannot tell whether the address is a list's or a person's"},
	{"from_check", "what was wrong, for `list_from`: `envelope` (the envelope sender), `missing`, `several`, `malformed`, `other_address`, " +
		"`name` (it has somebody else's address), `encoding` (it cannot be read, and may hide an address)"},
	{"removed", "the header fields that were removed from a post because they named somebody else: `Sender`, `Resent-From` …"},
	{"premium", "`true` for a sender who is premium now"},
	{"unknown", "`true` if the directory has no entry for the login"},
	{"degraded", "`true` if the directory or Redis could not be asked: the verdict rests on what this relay knew"},
	{"client", "the SMTP client's address"},
	{"role", "`submission` or `inbound`"},
	{"elapsed_ms", "how long the decision took, in milliseconds"},
	{"error", "what went wrong with the directory or the store; the decision holds all the same"},
}

var otherRecords = [][2]string{
	{"log_records_dropped", "an error, in the place of records that were dropped because the log could not be written"},
	{"no message reaches its end", "an error: a Postfix service should not ask rcptquota, or its listener needs `count = \"data\"`: see [Content filters](README.md#content-filters)"},
	{"digest_key_changed", "a warning, at a start: the digests in `state_dir` were made with another key, and have been forgotten; `error` says for how many senders"},
	{"digest_key_differs", "an error, once: this relay's digest key is not that of the other relays. See [Redis](configuration.md#redis)"},
	{"digest_key_agrees", "when it is the same again"},
	{"redis_evicts", "a warning for each master that may evict counts; again only when something changes"},
	{"redis_evicts_nothing", "when no master may evict any longer"},
	{"redis_not_examined", "once, if one of these could not be checked, for instance because a permission is missing: `error`"},
	{"roster_copied", "when this relay, or `roster refresh`, copied the directory for all; a warning if nobody is premium"},
	{"roster_over_limit", "with it, for each designated sender who is not premium because of `per_establishment`"},
	{"roster_unresolved", "with it, for each member of a designation group that cannot be resolved"},
	{"roster_in_effect", "by each relay, when another roster takes effect, and at its start"},
	{"roster_unavailable", "when the roster cannot be brought up to date: `error`; once per outage"},
	{"roster_doubted", "an error: a copy was not believed, because nearly everybody is missing from it; `error` has both numbers; once, and at each start"},
	{"roster_clock", "an error: this machine's clock differs from Redis's, or a new copy has replaced a roster from the future: `error`; once, and at each start"},
	{"roster_future", "an error: the stored roster was copied in the future (`copied_at`), and is not believed; it is replaced"},
	{"roster_not_stored", "with `activation = \"immediate\"`, when the roster in effect cannot be stored for the next start: `error`; once per outage"},
	{"roster_available", "when the roster can be brought up to date again, and is no longer in doubt"},
	{"starting", "at the start; a warning if `enforce` is false"},
	{"no_control_socket", "a warning, at the start: the control socket cannot be opened (`error`), so commands such as `rcptquota status` do not work; mail goes on. " +
		"If `[control] socket` is configured, rcptquota does not start instead"},
	{"listening", "at the start, for each socket: its `address`, `role` and, if it is not the default, `count`"},
	{"stopping", "when rcptquota is told to stop"},
	{"stopped", "at the end"},
	{"connections with a message under way were cut off", "a warning, at a stop: they did not end in time"},
	{"cannot settle what a message reserved", "a warning: the message's recipients may stay counted, or may not be"},
	{"cannot accept a connection", "an error, for instance because there are too many open files; it is tried again after `retry_in`"},
	{"cannot notify systemd", "a warning"},
}

var otherKeys = [][2]string{
	{"dropped", "how many records"},
	{"listener", "the `address` of the `[[listen]]`"},
	{"port", "the port of the Postfix service"},
	{"messages", "how many messages in a row passed at DATA without an end"},
	{"remedy", "what to do"},
	{"fingerprint", "of this relay's digest key"},
	{"in_redis", "the fingerprint of the other relays' key"},
	{"server", "a Redis master"},
	{"maxmemory_policy", "its setting"},
	{"maxmemory", "the same, in bytes"},
	{"roster", "why the copy was taken: `cutoff`, `first_start`, `refresh`, `immediate`"},
	{"premium_senders", "how many are premium"},
	{"over_limit", "how many are not, because of `per_establishment`"},
	{"without_establishment", "how many are premium although their establishment is not known, if any"},
	{"copied_at", "when the directory was asked"},
	{"takes_effect", "from when the copy counts"},
	{"establishment", "of a designated sender"},
	{"designated", "a member of a designation group, as it is written there"},
	{"version", "what was built, as `rcptquota version` tells"},
	{"config", "the configuration file"},
	{"classes", "the classes, as `rcptquota check` tells"},
	{"enforce", "as configured"},
	{"directory", "its `source`"},
	{"address", "of a socket"},
	{"commit", "`true` to count the recipients, `false` to give them back"},
	{"retry_in", "the pause"},
}

// levels are the methods of a logger that write.
var levels = regexp.MustCompile(`^(Debug|Info|Warn|Error|Log|LogAttrs)$`)

// TestTheManualKnowsTheLog compares the tables above with the code: what they name
// is in it, and each message and each key that is logged there is in them.
func TestTheManualKnowsTheLog(t *testing.T) {
	known := map[string]bool{}
	for _, table := range [][][2]string{messageRecords, messageKeys, otherRecords, otherKeys} {
		for _, row := range table {
			known[row[0]] = true
		}
	}
	reasons := meaning(messageKeys, "reason")
	for r := quota.NoReason + 1; r.String() != "unknown"; r++ {
		if !strings.Contains(reasons, "`"+r.String()+"`") {
			t.Errorf("the manual's reasons lack %s", r)
		}
	}
	written := map[string]bool{}
	for _, file := range productionFiles(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				written[literal(n)] = true
			case *ast.CallExpr:
				for _, word := range loggedWords(n) {
					if !known[word] {
						t.Errorf("%q is logged, and the manual does not say what it means; add it to manual_log_test.go", word)
					}
				}
			}
			return true
		})
	}
	for word := range known {
		if !written[word] {
			t.Errorf("the manual explains %q, which is not in the code", word)
		}
	}
}

func meaning(rows [][2]string, name string) string {
	for _, row := range rows {
		if row[0] == name {
			return row[1]
		}
	}
	return ""
}

// loggedWords returns the message and the keys of a call of a logger, and the key of a
// [log/slog.Attr], as far as they are written out there.
func loggedWords(call *ast.CallExpr) []string {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 {
		return nil
	}
	var words []string
	if x, ok := f.X.(*ast.Ident); ok && x.Name == "slog" && len(call.Args) == 2 {
		return append(words, literals(call.Args[:1])...)
	}
	args := call.Args
	if strings.HasPrefix(f.Sel.Name, "Log") && len(args) > 2 {
		args = args[2:] // after the context and the level
	}
	if levels.MatchString(f.Sel.Name) && isLogger(f.X) {
		words = literals(args[:1])
		for i := 1; i < len(args); i += 2 {
			words = append(words, literals(args[i:i+1])...)
		}
	}
	return words
}

// isLogger goes by the name: log, s.log, s.server.log.
func isLogger(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "log"
	case *ast.SelectorExpr:
		return x.Sel.Name == "log"
	}
	return false
}

func literals(all []ast.Expr) []string {
	var words []string
	for _, x := range all {
		if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			words = append(words, literal(lit))
		}
	}
	return words
}

// literal is the value of a literal string; empty for another literal.
func literal(lit *ast.BasicLit) string {
	text, err := strconv.Unquote(lit.Value)
	if err != nil || lit.Kind != token.STRING {
		return ""
	}
	return text
}

// productionFiles are the project's Go files, tests and their helpers aside.
func productionFiles(t *testing.T) []*ast.File {
	t.Helper()
	var files []*ast.File
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == "test" || entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && name != "."):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		files = append(files, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
