package pgwire_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redoubt-wal/redoubt/node/pgwire"
)

// scramOnly asks everyone for a password; app's is "secret ☃".
func scramOnly(t *testing.T, o *pgwire.Options) {
	v, err := pgwire.NewVerifier("secret ☃", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	o.Method = func(pgwire.Client) pgwire.Method { return pgwire.SCRAM }
	o.Verifier = func(user string) (string, bool) { return v, user == "app" }
}

func TestPasswords(t *testing.T) {
	s := serve(t, func(o *pgwire.Options) { scramOnly(t, o) })
	for _, c := range []struct{ name, user, password, want string }{
		{"the right one", "app", "secret ☃", "1"},
		{"a wrong one", "app", "wrong", `FATAL:  password authentication failed for user "app"`},
		{"a user that does not exist fails the same way", "mallory", "secret ☃", `FATAL:  password authentication failed for user "mallory"`},
		{"none", "app", "", "fe_sendauth: no password supplied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := []string{"PGPASSWORD=" + c.password}
			if got := run(t, "", env, "psql", "-XAtw", "-h", s.host, "-p", s.port, "-U", c.user, "-d", "db", "-c", "SELECT 1"); !strings.Contains(got, c.want) {
				t.Errorf("psql printed %q, want %q", got, c.want)
			}
		})
	}
	if strings.Contains(s.log.String(), "verifier") {
		t.Errorf("the server logged %s", s.log)
	}
}

func TestVerifiersReadWhatPostgreSQLWrites(t *testing.T) {
	// Made by PostgreSQL 15: CREATE ROLE … PASSWORD 'pencil'.
	const verifier = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	c, err := pgwire.ParseVerifier(verifier)
	if err != nil || c.Iters != 4096 || len(c.Salt) != 16 {
		t.Errorf("ParseVerifier gave %+v, %v", c.KeyFactors, err)
	}
	for _, bad := range []string{"", "md5abc", "SCRAM-SHA-256$x:y$z", "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA", verifier + "$"} {
		if _, err := pgwire.ParseVerifier(bad); err == nil {
			t.Errorf("ParseVerifier(%q) found no error", bad)
		}
	}
}

// An authority signs certificates for the tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.cert, a.key, _ = a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.write(t, "ca.crt", "CERTIFICATE", a.cert.Raw)
	return a
}

func (a *authority) sign(t *testing.T, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey, tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key, tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

func (a *authority) write(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// client makes a client certificate and gives libpq's words for it.
func (a *authority) client(t *testing.T, name string) string {
	cert, key, _ := a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return " sslcert=" + a.write(t, name+".crt", "CERTIFICATE", cert.Raw) + " sslkey=" + a.write(t, name+".key", "PRIVATE KEY", der)
}

// tls is a server's configuration: for localhost, and for clients that the authority signed.
func (a *authority) tls(t *testing.T) *tls.Config {
	_, _, server := a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}})
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven}
}

func TestEncryption(t *testing.T) {
	ca := newAuthority(t)
	s := serve(t, func(o *pgwire.Options) {
		scramOnly(t, o)
		o.TLS = ca.tls(t)
		o.Method = func(c pgwire.Client) pgwire.Method {
			switch {
			case !c.TLS:
				return pgwire.Reject
			case c.User == "replicator":
				return pgwire.Cert
			}
			return pgwire.SCRAM
		}
	})
	root := " host=localhost hostaddr=127.0.0.1 sslrootcert=" + filepath.Join(ca.dir, "ca.crt")
	other := newAuthority(t)
	for _, c := range []struct{ name, conninfo, want string }{
		{"required", "user=app sslmode=require", "1"},
		{"verified to the name", "user=app sslmode=verify-full" + root, "1"},
		{"SCRAM bound to the channel", "user=app sslmode=verify-full channel_binding=require" + root, "1"},
		{"SCRAM without binding", "user=app sslmode=require channel_binding=disable", "1"},
		{"a wrong password", "user=app sslmode=require password=wrong", "password authentication failed"},
		{"another name", "user=app sslmode=verify-full host=example.test hostaddr=127.0.0.1 sslrootcert=" + filepath.Join(ca.dir, "ca.crt"), "does not match host name"},
		{"another authority", "user=app sslmode=verify-ca host=localhost hostaddr=127.0.0.1 sslrootcert=" + filepath.Join(other.dir, "ca.crt"), "certificate verify failed"},
		{"in the clear where that is refused", "user=app sslmode=disable", `no entry allows user "app" to connect to database "db" with no encryption`},
		{"a client certificate is an identity", "user=replicator sslmode=verify-full" + root + ca.client(t, "replicator"), "1"},
		{"somebody else's certificate", "user=replicator sslmode=verify-full" + root + ca.client(t, "app"), `certificate authentication failed for user "replicator"`},
		{"no certificate", "user=replicator sslmode=require", "connection requires a valid client certificate"},
		{"a certificate that nobody we know signed", "user=replicator sslmode=require" + other.client(t, "replicator"), "unknown ca"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conninfo := "host=" + s.host + " port=" + s.port + " dbname=db password='secret ☃' " + c.conninfo
			if got := run(t, "", nil, "psql", "-XAtw", "-d", conninfo, "-c", "SELECT 1"); !strings.Contains(got, c.want) {
				t.Errorf("psql printed %q, want %q", got, c.want)
			}
		})
	}
	t.Run("pgx binds to the channel too", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), "host="+s.host+" port="+s.port+" user=app dbname=db password='secret ☃' sslmode=require channel_binding=require")
		if err != nil {
			t.Fatal(err)
		}
		conn.Close(t.Context())
	})
}

// What is sent behind an SSLRequest in the clear must not be taken for what comes encrypted.
func TestNothingIsReadPastTheHandshake(t *testing.T) {
	ca := newAuthority(t)
	s := serve(t, func(o *pgwire.Options) { o.TLS = ca.tls(t) })
	conn, err := net.Dial("tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	injected := startup("user", "mallory")
	if _, err := conn.Write(append([]byte{0, 0, 0, 8, 4, 210, 22, 47}, injected...)); err != nil {
		t.Fatal(err)
	}
	var answer bytes.Buffer
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	answer.ReadFrom(conn)
	if got := answer.Bytes(); len(got) == 0 || got[0] != 'S' || bytes.Contains(got, []byte("server_version")) {
		t.Errorf("the server answered %q, want S and a failed handshake", got)
	}
}
