package postfix

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSystemdSocket(t *testing.T) {
	etc, lib := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		etc + "/a.socket":                   "# ListenStream=/no\n[Socket]\nListenStream=/run/a\nFileDescriptorName=submission\n",
		lib + "/a.socket":                   "[Socket]\nListenStream=/run/hidden\nFileDescriptorName=hidden\n",
		lib + "/b.socket":                   "[Socket]\nListenStream = 127.0.0.1:8892\nFileDescriptorName = inbound\n",
		lib + "/c.socket":                   "[Socket]\nListenStream=8893\n",
		lib + "/d.socket":                   "[Socket]\nListenStream=/run/d\nFileDescriptorName=moved\n",
		etc + "/d.socket.d/override.conf":   "[Socket]\nListenStream=\nListenStream=/run/elsewhere\n",
		etc + "/datagram.socket":            "[Socket]\nListenDatagram=/run/e\nFileDescriptorName=datagram\n",
		etc + "/rcptquota.socket.d/on.conf": "FileDescriptorName=x\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(lib+"/nowhere", etc+"/broken.socket"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"submission": "unix:/run/a", "hidden": "", "inbound": "inet:127.0.0.1:8892", "c.socket": "inet:0.0.0.0:8893",
		"moved": "unix:/run/elsewhere", "datagram": "", "x": "",
	} {
		if got, err := SystemdSocket(name, []string{etc, lib, "/no/such/folder"}); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
}
