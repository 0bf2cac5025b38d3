package servers

import (
	"os"
	"testing"
)

// Scratch returns a folder that is removed with the test. Unlike t.TempDir, it is
// open to other users, as the daemons of Postfix are, and its path is short:
// that of a unix socket ends at 107 bytes.
func Scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "rcptquota-")
	if err != nil {
		t.Fatalf("scratch folder: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("scratch folder: %v", err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatalf("scratch folder: %v", err)
	}
	return dir
}

// write puts a file into a server's folder.
func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// mkdirs makes folders that the daemons of other users can enter.
func mkdirs(t testing.TB, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
