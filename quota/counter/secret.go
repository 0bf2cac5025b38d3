package counter

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

// makeKey says how to make a key.
const makeKey = "make one with `head -c 32 /dev/urandom | base64`, and give all relays the same"

// readKey reads the site's key of digests. White space around it does not
// belong to it.
func readKey(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, makeKey)
	}
	key := bytes.TrimSpace(data)
	if len(key) < keySize {
		return nil, fmt.Errorf("%s holds %d bytes, fewer than %d; %s", path, len(key), keySize, makeKey)
	}
	return key, nil
}

// readPassword reads a password, without the end of its line; that of no file is
// empty.
func readPassword(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	password := strings.TrimRight(string(data), "\r\n")
	if password == "" {
		return "", fmt.Errorf("%s holds no password", path)
	}
	return password, nil
}

// tlsConfig is for servers that the authorities in a PEM file vouch for; without
// a file, those of the system.
func tlsConfig(caFile string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", caFile)
	}
	return config, nil
}

// sender stands for a login: 128 bits of its HMAC, in hexadecimal. No recipient
// has the same, even where a login is an address.
func (d *digester) sender(login string) string {
	m := d.macs.Get().(*mac)
	defer d.macs.Put(m)
	m.Reset()
	m.in = append(append(m.in[:0], 0), login...) // no address begins with NUL
	_, _ = m.Write(m.in)                         // a hash takes everything
	m.sum = m.Sum(m.sum[:0])
	return hex.EncodeToString(m.sum[:16])
}
