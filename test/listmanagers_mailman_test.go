//go:build servers && listmanagers

package test

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/test/servers"
)

// mailmanCfg is mailman.cfg; %[1]s is the folder, %[2]s and %[3]s where it sends,
// %[4]d where it takes LMTP, %[5]d its REST service. Each runner takes
// seconds to start: those that no post needs stay out.
const mailmanCfg = `[mailman]
site_owner: listmaster@listes.ac-test.fr
layout: here
[paths.here]
var_dir: %[1]s
queue_dir: $var_dir/queue
bin_dir: /usr/lib/mailman3/bin
list_data_dir: $var_dir/lists
log_dir: $var_dir/logs
lock_dir: $var_dir/locks
data_dir: $var_dir/data
cache_dir: $var_dir/cache
etc_dir: $var_dir/etc
ext_dir: $var_dir/ext
messages_dir: $var_dir/messages
archive_dir: $var_dir/archives
template_dir: $var_dir/templates
pid_file: $var_dir/master.pid
lock_file: $lock_dir/master.lck
[database]
class: mailman.database.sqlite.SQLiteDatabase
url: sqlite:///%[1]s/mailman.db
[webservice]
hostname: 127.0.0.1
port: %[5]d
[mta]
incoming: mailman.mta.null.NullMTA
outgoing: mailman.mta.deliver.deliver
smtp_host: %[2]s
smtp_port: %[3]s
lmtp_host: 127.0.0.1
lmtp_port: %[4]d
[runner.archive]
start: no
[runner.bounces]
start: no
[runner.command]
start: no
[runner.digest]
start: no
[runner.nntp]
start: no
[runner.rest]
start: no
[runner.retry]
start: no
`

func startMailman(t *testing.T, dir, listener string, lmtp int) {
	t.Helper()
	host, port, err := net.SplitHostPort(listener)
	if err != nil {
		t.Fatal(err)
	}
	cfg := filepath.Join(dir, "mailman.cfg")
	writeFile(t, cfg, fmt.Sprintf(mailmanCfg, dir, host, port, lmtp, servers.FreePort(t)))
	give(t, "list", dir)
	mailman := func(input string, args ...string) {
		t.Helper()
		finish(t, as(t, "list", dir, append([]string{"/usr/lib/mailman3/bin/mailman", "-C", cfg}, args...)...), input)
	}
	mailman("", "create", "--quiet", "--owner", "marie.durand@ecole.test", "parents@listes.ac-test.fr")
	mailman(strings.Join(subscribers, "\n")+"\n", "addmembers", "-", "parents@listes.ac-test.fr")
	daemon(t, filepath.Join(dir, "master.log"), as(t, "list", dir, "/usr/lib/mailman3/bin/master", "-C", cfg, "--force"))
	takesMail := func() bool { return accepts("tcp", fmt.Sprintf("127.0.0.1:%d", lmtp)) }
	for range 6 { // slow to start on a busy machine
		if servers.Wait(takesMail) {
			return
		}
	}
	t.Fatal("mailman takes no LMTP")
}
