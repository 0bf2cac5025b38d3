package servers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// writeCertificates makes an authority (ca.pem), and a certificate of it for
// 127.0.0.1 (cert.pem, key.pem).
func writeCertificates(t testing.TB, dir string) *authority {
	t.Helper()
	now := time.Now()
	a := &authority{key: newKey(t), certificate: &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "test authority"},
		NotBefore:             now.Add(-48 * time.Hour),
		NotAfter:              now.Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}}
	a.write(t, filepath.Join(dir, "ca.pem"), a.certificate, &a.key.PublicKey)
	a.certify(t, dir, net.IPv4(127, 0, 0, 1), a.certificate.NotAfter)
	return a
}

// certify writes a certificate for an address, valid until then, to cert.pem, and
// its key to key.pem.
func (a *authority) certify(t testing.TB, dir string, address net.IP, until time.Time) {
	t.Helper()
	leafKey := newKey(t)
	key, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatalf("certificates: %v", err)
	}
	writePEM(t, filepath.Join(dir, "key.pem"), "PRIVATE KEY", key)
	a.write(t, filepath.Join(dir, "cert.pem"), &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: address.String()},
		NotBefore:    a.certificate.NotBefore,
		NotAfter:     until,
		IPAddresses:  []net.IP{address},
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, &leafKey.PublicKey)
}

func (a *authority) write(t testing.TB, path string, certificate *x509.Certificate, public *ecdsa.PublicKey) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, certificate, a.certificate, public, a.key)
	if err != nil {
		t.Fatalf("certificates: %v", err)
	}
	writePEM(t, path, "CERTIFICATE", der)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("certificates: %v", err)
	}
	return key
}

func writePEM(t testing.TB, path, kind string, der []byte) {
	t.Helper()
	write(t, path, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
}
