//go:build servers && listmanagers

package test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sympaConf is sympa.conf(5); $D is the folder. The log goes to nobody.
const sympaConf = `domain listes.ac-test.fr
listmaster listmaster@ecole.test
db_type SQLite
db_name $D/sympa.sqlite
home $D/lists
etc $D/etc
spool $D/spool
queue /var/spool/sympa/msg
tmpdir $D/tmp
arc_path $D/arc
bounce_path $D/bounce
viewmail_dir $D/viewmail
sendmail /usr/bin/msmtp
sendmail_args -C $D/msmtprc
sendmail_aliases none
log_socket_type inet
lang en
`

const sympaList = `<?xml version="1.0" ?>
<list>
<listname>parents</listname>
<type>discussion_list</type>
<subject>Parents</subject>
<description>Parents</description>
<status>open</status>
<language>en</language>
<topic>parents</topic>
<owner multiple="1"><email>marie.durand@ecole.test</email></owner>
</list>
`

// makeTables makes Sympa's tables, as its own check does where there is a syslog.
const makeTables = `use Conf; use Sympa::DatabaseManager;
Conf::load($ARGV[0]) or die "configuration"; Sympa::DatabaseManager::probe_db() or die "database";`

// sympaRun is where Sympa keeps its process ids; systemd makes it.
const sympaRun = "/run/sympa"

func startSympa(t *testing.T, dir, listener string) {
	t.Helper()
	host, port, err := net.SplitHostPort(listener)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "sympa.conf")
	writeFile(t, conf, strings.ReplaceAll(sympaConf, "$D", dir))
	writeFile(t, filepath.Join(dir, "msmtprc"), "account default\nhost "+host+"\nport "+port+"\nfrom sympa@listes.ac-test.fr\n")
	writeFile(t, filepath.Join(dir, "list.xml"), sympaList)
	for _, name := range []string{"lists", "etc", "spool", "tmp", "arc", "bounce", "viewmail"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	give(t, "sympa", dir)
	if err := os.Mkdir(sympaRun, 0o755); err != nil {
		t.Fatalf("does Sympa run on this machine? Stop it, since it would take the test's mail: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sympaRun) })
	give(t, "sympa", sympaRun)
	finish(t, as(t, "sympa", dir, "perl", "-I/usr/share/sympa/lib", "-e", makeTables, conf), "")
	finish(t, as(t, "sympa", dir, "sympa", "create", "--config", conf, "--input_file="+filepath.Join(dir, "list.xml"), "listes.ac-test.fr"), "")
	finish(t, as(t, "sympa", dir, "sympa", "add", "--quiet", "--force", "--config", conf, "parents@listes.ac-test.fr"), strings.Join(subscribers, "\n")+"\n")
	for _, program := range []string{"sympa_msg.pl", "bulk.pl"} {
		daemon(t, filepath.Join(dir, program+".log"), as(t, "sympa", dir, "/usr/lib/sympa/bin/"+program, "--foreground", "--config="+conf))
	}
}
