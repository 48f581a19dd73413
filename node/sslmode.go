package node

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// sslModes are libpq's, from the weakest promise to the strongest.
var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// TLS is what sslmode demands of a connection by somebody without a certificate, as libpq has it: nil where
// it may go without, as allow and prefer do here, and on a Unix-domain socket. read reads sslrootcert.
func (c Conninfo) TLS(read func(name string) ([]byte, error), now func() time.Time) (*tls.Config, error) {
	if slices.Index(sslModes, c.SSLMode) < slices.Index(sslModes, "require") || strings.HasPrefix(c.Host, "/") {
		return nil, nil
	}
	// What is verified, if anything, is below: Go's own check has no verify-ca.
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.Host, Time: now, InsecureSkipVerify: true}
	if c.SSLRootCert == "" {
		if c.SSLMode != "require" {
			return nil, fmt.Errorf("sslmode=%s needs sslrootcert, a file with the authority's certificate", c.SSLMode)
		}
		return config, nil
	}
	pem, err := read(c.SSLRootCert)
	if err != nil {
		return nil, fmt.Errorf("sslrootcert: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("sslrootcert: %s holds no certificate in PEM", c.SSLRootCert)
	}
	verify := x509.VerifyOptions{Roots: roots, CurrentTime: now()}
	if c.SSLMode == "verify-full" {
		verify.DNSName = c.Host
	}
	config.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			return errors.New("the server has no certificate")
		}
		o := verify
		o.Intermediates = x509.NewCertPool()
		for _, cert := range s.PeerCertificates[1:] {
			o.Intermediates.AddCert(cert)
		}
		_, err := s.PeerCertificates[0].Verify(o)
		return err
	}
	return config, nil
}
