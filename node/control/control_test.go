package control_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/control"
)

func testAPI() control.API {
	return control.API{
		Status: func() api.Status {
			return api.Status{Instance: "a", Role: api.RolePrimary, Time: time.Now(), FlushLSN: 0x1500028}
		},
		Changed: func() <-chan struct{} { return nil },
		Fence: func(_ context.Context, r api.FenceRequest) error {
			if r.Timeline == 0 {
				return &api.Error{Code: "BadRequest", Message: "no timeline", HTTP: http.StatusBadRequest}
			}
			return nil
		},
		Promote: func(context.Context, api.PromoteRequest) error {
			return &api.Error{Code: "FencedAbove", Message: "promised 5"}
		},
		Checkpoint: func(context.Context, api.CheckpointRequest) error { return fmt.Errorf("disk is slow") },
	}
}

func TestCommandsAnswerWithStatusOrRefusal(t *testing.T) {
	server := httptest.NewServer(testAPI().Handler())
	defer server.Close()
	for name, c := range map[string]struct {
		path, body string
		code       int
		want       string
	}{
		"done":                   {api.PathFence, `{"timeline":3}`, 200, `"flushLSN":"0/1500028"`},
		"unknown fields ignored": {api.PathFence, `{"timeline":3,"later":1}`, 200, `"role":"primary"`},
		"no body is defaults":    {api.PathFence, ``, 400, `"code":"BadRequest"`},
		"not JSON":               {api.PathFence, `{`, 400, `"code":"BadRequest"`},
		"refused":                {api.PathPromote, `{}`, 409, `{"code":"FencedAbove","message":"promised 5"}`},
		"try again":              {api.PathCheckpoint, `{}`, 503, `"message":"disk is slow"`},
		"unknown path":           {"/v2/fence", `{}`, 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := http.Post(server.URL+c.path, "application/json", strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != c.code || !strings.Contains(string(body), c.want) {
				t.Errorf("got %d %s, want %d with %s", resp.StatusCode, body, c.code, c.want)
			}
		})
	}
}

func TestWatchSpeaksAtOnceAtEveryChangeAndEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changes := make(chan chan struct{}, 1)
		changes <- make(chan struct{})
		current := func() chan struct{} { c := <-changes; changes <- c; return c }
		a := testAPI()
		a.Changed = func() <-chan struct{} { return current() }
		here, there := net.Pipe()
		server := &http.Server{Handler: a.Handler()}
		go server.Serve(&oneConn{conn: there, done: make(chan struct{})})
		defer server.Close()
		fmt.Fprintf(here, "GET /v1/status?watch=true HTTP/1.1\r\nHost: a\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(here), nil)
		if err != nil {
			t.Fatal(err)
		}
		lines, start := json.NewDecoder(resp.Body), time.Now()
		var at []time.Duration
		for i := range 4 {
			var s api.Status
			if err := lines.Decode(&s); err != nil {
				t.Fatal(err)
			}
			at = append(at, time.Since(start).Round(time.Millisecond))
			if i == 1 {
				time.AfterFunc(300*time.Millisecond, func() { old := <-changes; changes <- make(chan struct{}); close(old) })
			}
		}
		if got, want := fmt.Sprint(at), "[0s 1s 1.3s 2s]"; got != want {
			t.Errorf("lines at %s, want %s", got, want)
		}
		here.Close()
	})
}

type oneConn struct {
	conn net.Conn
	done chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	<-l.done
	return nil, net.ErrClosed
}
func (l *oneConn) Close() error   { close(l.done); return nil }
func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{} }

func TestOnlyTheOperatorsCertificateMayCall(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	files := map[string][]byte{"ca": ca.pem, "cert": nil, "key": nil}
	files["cert"], files["key"] = ca.issue(t, "a")
	certs := &control.Certificates{CertFile: "cert", KeyFile: "key", CAFile: "ca", ReadFile: func(n string) ([]byte, error) { return files[n], nil }}
	config, err := certs.ServerConfig()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(control.Authorise("redoubt-operator", testAPI().Handler()))
	server.TLS = config
	server.StartTLS()
	defer server.Close()
	ask := func(client tls.Certificate, roots *x509.CertPool) string {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "a", Certificates: []tls.Certificate{client}}}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Get(server.URL + api.PathStatus)
		if err != nil {
			return "no connection"
		}
		defer resp.Body.Close()
		return resp.Status
	}
	for name, c := range map[string]struct {
		by   authority
		cn   string
		want string
	}{
		"operator":                    {ca, "redoubt-operator", "200 OK"},
		"another node":                {ca, "b", "403 Forbidden"},
		"operator of another cluster": {other, "redoubt-operator", "no connection"},
	} {
		cert, key := c.by.issue(t, c.cn)
		pair, _ := tls.X509KeyPair(cert, key)
		if got := ask(pair, ca.pool()); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := ask(tls.Certificate{}, ca.pool()); got != "no connection" {
		t.Errorf("without certificate: %s", got)
	}

	// The authority is replaced while the server runs; a half-written file keeps the old one.
	files["key"] = []byte("x")
	cert, key := ca.issue(t, "redoubt-operator")
	pair, _ := tls.X509KeyPair(cert, key)
	if got := ask(pair, ca.pool()); got != "200 OK" {
		t.Errorf("with a broken key file: %s", got)
	}
	files["cert"], files["key"] = other.issue(t, "a")
	files["ca"] = other.pem
	cert, key = other.issue(t, "redoubt-operator")
	pair, _ = tls.X509KeyPair(cert, key)
	if got := ask(pair, other.pool()); got != "200 OK" {
		t.Errorf("after rotation: %s", got)
	}
}

func TestProbesAndMetrics(t *testing.T) {
	status, reason := api.Status{Role: api.RoleRecovering, ReplayLSN: 0x2000000}, "standby: not consistent yet"
	metrics := control.Metrics(func() api.Status { return status }, func() []control.Sample {
		return []control.Sample{{Name: "wal_flushes_total", Help: "Flushes.", Value: 7}}
	})
	h := control.Probes(func() api.Status { return status }, func() string { return reason }, metrics)
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code, w.Body.String()
	}
	if code, body := get("/readyz"); code != 503 || !strings.Contains(body, reason) {
		t.Errorf("/readyz %d %s", code, body)
	}
	if code, body := get("/startupz"); code != 503 || !strings.Contains(body, "0/2000000") {
		t.Errorf("/startupz %d %s", code, body)
	}
	status = api.Status{Role: api.RolePrimary, Timeline: 4, FlushLSN: 100, Replicas: []api.Replica{{Name: "b", ReplayLSN: 60}}}
	reason = ""
	for _, path := range []string{"/healthz", "/readyz", "/startupz"} {
		if code, body := get(path); code != 200 {
			t.Errorf("%s %d %s", path, code, body)
		}
	}
	_, body := get("/metrics")
	for _, want := range []string{`redoubt_role{role="primary"} 1`, `redoubt_timeline 4`, `redoubt_replica_lag_bytes{replica="b"} 40`, "# TYPE redoubt_wal_flushes_total counter", "redoubt_wal_flushes_total 7"} {
		if !strings.Contains(body, want) {
			t.Errorf("/metrics lacks %s:\n%s", want, body)
		}
	}
}

// A standby that copies itself, or has connected again, has several connections of its name.
func TestMetricsOfConnectionsOfOneName(t *testing.T) {
	status := api.Status{Role: api.RolePrimary, FlushLSN: 100, Replicas: []api.Replica{
		{Name: "b", State: "streaming", FlushLSN: 40, ReplayLSN: 30},
		{Name: "b", State: "streaming", FlushLSN: 90, ReplayLSN: 60, SyncState: "quorum"},
		{Name: "b", State: "backup"},
		{Name: "c", State: "startup"},
	}}
	h := control.Probes(func() api.Status { return status }, func() string { return "" }, control.Metrics(func() api.Status { return status }, nil))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("/metrics: %d %s", w.Code, w.Body)
	}
	for _, want := range []string{`redoubt_replica_lag_bytes{replica="b"} 40`, `redoubt_replica_flush_lsn_bytes{replica="b"} 90`, `redoubt_replica_sync{replica="b"} 1`, `redoubt_replica_lag_bytes{replica="c"} 100`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("/metrics lacks %s:\n%s", want, w.Body)
		}
	}
}

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) authority {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, IsCA: true, BasicConstraintsValid: true,
		NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(der)
	return authority{cert, key, encode("CERTIFICATE", der)}
}

func (a authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

func (a authority) issue(t *testing.T, name string) (cert, keyPEM []byte) {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, _ := x509.MarshalECPrivateKey(key)
	return encode("CERTIFICATE", der), encode("EC PRIVATE KEY", keyDER)
}

func encode(kind string, der []byte) []byte {
	var b bytes.Buffer
	pem.Encode(&b, &pem.Block{Type: kind, Bytes: der})
	return b.Bytes()
}
