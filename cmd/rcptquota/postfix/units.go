package postfix

import (
	"bufio"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// UnitFolders are where systemd finds units, the first first (systemd.unit(5)).
var UnitFolders = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}

// SystemdSocket finds where the socket unit listens whose FileDescriptorName= is name,
// as "unix:/path" or "inet:host:port"; empty if no unit in folders has that name.
func SystemdSocket(name string, folders []string) (address string, err error) {
	seen := map[string]bool{}
	for _, folder := range folders {
		units, err := filepath.Glob(filepath.Join(folder, "*.socket"))
		if err != nil {
			return "", err
		}
		for _, unit := range units {
			if seen[filepath.Base(unit)] {
				continue // the one before has precedence
			}
			seen[filepath.Base(unit)] = true
			keys, err := socketKeys(unit, folders)
			if errors.Is(err, fs.ErrNotExist) {
				continue // a link to nowhere
			}
			if err != nil {
				return "", err
			}
			if cmp.Or(keys["FileDescriptorName"], filepath.Base(unit)) == name && keys["ListenStream"] != "" {
				return streamAddress(keys["ListenStream"]), nil
			}
		}
	}
	return "", nil
}

// socketKeys reads a unit and what administrators add to it (UNIT.d/*.conf). Of a key
// that is there several times, the last value counts.
func socketKeys(unit string, folders []string) (map[string]string, error) {
	files := []string{unit}
	for _, folder := range folders {
		added, err := filepath.Glob(filepath.Join(folder, filepath.Base(unit)+".d", "*.conf"))
		if err != nil {
			return nil, err
		}
		files = append(files, added...)
	}
	keys := map[string]string{}
	for _, file := range files {
		if err := readKeys(file, keys); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func readKeys(file string, keys map[string]string) (err error) {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name, value, found := strings.Cut(lines.Text(), "="); found && !strings.HasPrefix(name, "#") {
			keys[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return lines.Err()
}

// streamAddress writes a ListenStream= as an address of ours.
func streamAddress(stream string) string {
	switch {
	case strings.HasPrefix(stream, "/"):
		return "unix:" + stream
	case strings.Contains(stream, ":"):
		return "inet:" + stream
	}
	return "inet:0.0.0.0:" + stream
}
