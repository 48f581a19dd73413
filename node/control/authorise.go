package control

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"

	api "github.com/redoubt-wal/redoubt/api/control"
)

// Authorise lets only the holder of a verified client certificate with this common name through.
func Authorise(commonName string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
			refuse(w, &api.Error{Code: "Unauthenticated", Message: "the control API needs a client certificate of its own authority", HTTP: http.StatusUnauthorized})
			return
		}
		if got := r.TLS.PeerCertificates[0].Subject.CommonName; got != commonName {
			refuse(w, &api.Error{Code: "Forbidden", Message: fmt.Sprintf("the client certificate is %q's; only %q may use the control API", got, commonName), HTTP: http.StatusForbidden})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Certificates reads a certificate, its key and the authority for its peers from files, again at
// every handshake, so that rotation needs no restart. Handshakes are rare: watch streams stay up.
type Certificates struct {
	CertFile, KeyFile, CAFile string
	ReadFile                  func(name string) ([]byte, error)

	mu     sync.Mutex
	raw    [3]string // what was parsed last
	parsed loaded
}

type loaded struct {
	cert tls.Certificate
	ca   *x509.CertPool
}

// load returns what the files hold now, or, while they are unreadable or half replaced, what they
// held before.
func (c *Certificates) load() (loaded, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh, err := c.read()
	if err != nil && c.parsed.ca == nil {
		return loaded{}, err
	}
	if err == nil {
		c.parsed = fresh
	}
	return c.parsed, nil
}

func (c *Certificates) read() (loaded, error) {
	var raw [3]string
	for i, name := range []string{c.CertFile, c.KeyFile, c.CAFile} {
		b, err := c.ReadFile(name)
		if err != nil {
			return loaded{}, fmt.Errorf("read certificate file: %w", err)
		}
		raw[i] = string(b)
	}
	if raw == c.raw {
		return c.parsed, nil
	}
	cert, err := tls.X509KeyPair([]byte(raw[0]), []byte(raw[1]))
	if err != nil {
		return loaded{}, fmt.Errorf("certificate %s with key %s: %w", c.CertFile, c.KeyFile, err)
	}
	ca := x509.NewCertPool()
	if !ca.AppendCertsFromPEM([]byte(raw[2])) {
		return loaded{}, fmt.Errorf("certificate authority %s holds no certificate in PEM", c.CAFile)
	}
	c.raw = raw
	return loaded{cert, ca}, nil
}

// ServerConfig is TLS 1.3 with a client certificate that the authority signed. It fails if the files
// are not usable now.
func (c *Certificates) ServerConfig() (*tls.Config, error) {
	if _, err := c.load(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			now, err := c.load()
			if err != nil {
				return nil, err
			}
			return &tls.Config{
				MinVersion:   tls.VersionTLS13,
				Certificates: []tls.Certificate{now.cert},
				ClientAuth:   tls.RequireAndVerifyClientCert,
				ClientCAs:    now.ca,
				NextProtos:   []string{"http/1.1"}, // a connection per watch stream: its end says which node died
			}, nil
		},
	}, nil
}
