package basebackup_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/pgwire"
	"github.com/redoubt-wal/redoubt/node/replication"
)

// An authority signs certificates for names.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, pool: x509.NewCertPool()}
	a.cert, a.key = a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) sign(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return signed, key
}

func (a *authority) certificate(name string) tls.Certificate {
	cert, key := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func TestConnecting(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	verifier, err := pgwire.NewVerifier("secret", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	unprepared, err := pgwire.NewVerifier("\U0001F418", rand.Reader) // not of Unicode 3.2, so SASLprep refuses it
	if err != nil {
		t.Fatal(err)
	}
	m := newPrimary(t, func(o *pgwire.Options) {
		o.TLS = &tls.Config{Certificates: []tls.Certificate{ours.certificate("node-1")}, ClientCAs: ours.pool, ClientAuth: tls.VerifyClientCertIfGiven}
		o.Method = func(c pgwire.Client) pgwire.Method {
			if c.CommonName == c.User {
				return pgwire.Cert
			}
			return pgwire.SCRAM
		}
		o.Verifier = func(user string) (string, bool) {
			if user == "elephant" {
				return unprepared, true
			}
			return verifier, true
		}
	})
	for _, row := range []struct {
		sentence string
		change   func(*replication.Upstream)
		refused  string // part of the error; "" if it is not
	}{
		{"with a certificate", func(u *replication.Upstream) { u.TLS.Certificates = []tls.Certificate{ours.certificate("node-2")} }, ""},
		{"with a password", func(u *replication.Upstream) { u.Password = "secret" }, ""},
		{"with a password, without TLS", func(u *replication.Upstream) { u.TLS, u.Password = nil, "secret" }, ""},
		{"with a password that SASLprep refuses", func(u *replication.Upstream) { u.User, u.Password = "elephant", "\U0001F418" }, ""},
		{"as a user whose name SASLprep refuses", func(u *replication.Upstream) { u.User, u.Password = "\U0001F418", "secret" }, ""},
		{"with a wrong password", func(u *replication.Upstream) { u.Password = "wrong" }, "password authentication failed"},
		{"with another's certificate", func(u *replication.Upstream) { u.TLS.Certificates = []tls.Certificate{ours.certificate("node-3")} }, "password authentication failed"},
		{"with a certificate of another authority", func(u *replication.Upstream) { u.TLS.Certificates = []tls.Certificate{theirs.certificate("node-2")} }, ""},
		{"to a server with another name", func(u *replication.Upstream) { u.TLS.ServerName = "node-9" }, "not node-9"},
		{"to a server of another authority", func(u *replication.Upstream) { u.TLS.RootCAs = theirs.pool }, "unknown authority"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			u := m.upstream()
			u.User, u.TLS = "node-2", &tls.Config{RootCAs: ours.pool, ServerName: "node-1"}
			row.change(&u)
			c, err := replication.Connect(t.Context(), u)
			if err == nil {
				_, err = c.Identify()
				c.Close()
			}
			if strings.Contains(row.sentence, "certificate of another") {
				if err == nil {
					t.Error("accepted")
				}
				return
			}
			if row.refused == "" && err != nil || row.refused != "" && (err == nil || !strings.Contains(err.Error(), row.refused)) {
				t.Errorf("%v, want %q", err, row.refused)
			}
		})
	}
}
