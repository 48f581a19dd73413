package pgwire

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/xdg-go/scram"
)

// encrypt answers S and runs the TLS handshake, and notes which certificate was shown: SCRAM is
// bound to it.
func (h *handshake) encrypt() error {
	var shown *tls.Certificate
	conn := tls.Server(h.conn, recording(h.srv.options.TLS, &shown))
	if _, err := h.conn.Write([]byte{'S'}); err != nil {
		return gone{err}
	}
	if err := conn.Handshake(); err != nil {
		return gone{err}
	}
	h.conn, h.encrypted = conn, true
	state := conn.ConnectionState()
	if len(state.VerifiedChains) > 0 {
		h.commonName = state.VerifiedChains[0][0].Subject.CommonName
	}
	if shown != nil {
		h.binding, _ = endpointBinding(shown)
	}
	return nil
}

// recording is the configuration for one connection; the certificate that it shows goes to *shown.
func recording(base *tls.Config, shown **tls.Certificate) *tls.Config {
	c := base.Clone()
	c.SessionTicketsDisabled = true // a resumed session shows no certificate
	if inner := base.GetConfigForClient; inner != nil {
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			chosen, err := inner(hello)
			if chosen == nil || err != nil {
				return nil, err
			}
			chosen = chosen.Clone()
			chosen.GetConfigForClient = nil
			return recording(chosen, shown), nil
		}
	}
	c.Certificates = nil
	c.GetCertificate = func(hello *tls.ClientHelloInfo) (cert *tls.Certificate, err error) {
		if base.GetCertificate != nil {
			cert, err = base.GetCertificate(hello)
		}
		if cert == nil && err == nil {
			cert, err = choose(base.Certificates, hello)
		}
		*shown = cert
		return cert, err
	}
	return c
}

func choose(list []tls.Certificate, hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	for i := range list {
		if hello.SupportsCertificate(&list[i]) == nil {
			return &list[i], nil
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no server certificate is configured")
	}
	return &list[0], nil
}

// endpointBinding is tls-server-end-point (RFC 5929): the certificate's hash, with the hash of its
// signature, but SHA-256 instead of MD5 and SHA-1.
func endpointBinding(cert *tls.Certificate) (scram.ChannelBinding, error) {
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return scram.ChannelBinding{}, err
	}
	hash := crypto.SHA256
	switch leaf.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		hash = crypto.SHA512
	case x509.PureEd25519:
		return scram.ChannelBinding{}, errors.New("RFC 5929 defines no hash for Ed25519")
	}
	h := hash.New()
	h.Write(leaf.Raw)
	return scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: h.Sum(nil)}, nil
}
