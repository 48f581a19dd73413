// Package pki makes a cluster's own certificates: an authority per cluster, and leaves of it for
// instances (server and client, for the control API and for replication) and for the operator.
// Whoever holds a leaf is known by its common name.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Lives of certificates. A leaf is issued anew when a third of its life is left; an authority stays.
const (
	AuthorityLife = 10 * 365 * 24 * time.Hour
	LeafLife      = 90 * 24 * time.Hour
)

// backdate is for clocks that differ.
const backdate = 5 * time.Minute

// A Pair is a certificate with its key, in PEM.
type Pair struct{ Cert, Key []byte }

// NewAuthority makes a cluster's authority.
func NewAuthority(name string, now time.Time) (Pair, error) {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-backdate), NotAfter: now.Add(AuthorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return sign(template, nil, nil)
}

// Leaf issues a certificate for a common name that is also good as a server under the names.
func (authority Pair) Leaf(commonName string, names []string, now time.Time) (Pair, error) {
	pair, err := tls.X509KeyPair(authority.Cert, authority.Key)
	if err != nil {
		return Pair{}, fmt.Errorf("the authority is not usable: %w", err)
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: commonName}, DNSNames: names, NotBefore: now.Add(-backdate), NotAfter: now.Add(LeafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	return sign(template, pair.Leaf, pair.PrivateKey)
}

func sign(template, parent *x509.Certificate, parentKey any) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return Pair{}, err
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return Pair{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}, nil
}

// Good says whether a leaf is still to be used: of this authority, for these names, with more than a
// third of its life left.
func (authority Pair) Good(leaf Pair, names []string, now time.Time) error {
	pair, err := tls.X509KeyPair(leaf.Cert, leaf.Key)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority.Cert) {
		return errors.New("no authority")
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return err
	}
	if !slices.Equal(pair.Leaf.DNSNames, names) {
		return errors.New("it is for other names")
	}
	if pair.Leaf.NotAfter.Sub(now) < LeafLife/3 {
		return errors.New("it ends soon")
	}
	return nil
}

// ClientTLS is how the holder of a leaf speaks to a server that the authority signed, by its name.
// leaf is asked at every handshake, so that it may be issued anew meanwhile.
func ClientTLS(leaf func() (Pair, error), authority []byte, serverName string) (*tls.Config, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, errors.New("no certificate in the authority")
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: roots, ServerName: serverName,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			p, err := leaf()
			if err != nil {
				return nil, err
			}
			pair, err := tls.X509KeyPair(p.Cert, p.Key)
			return &pair, err
		},
	}, nil
}
