package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/replication"
)

// upstream says how to reach u for replication.
func (n *Node) upstream(u api.Upstream, c *Conninfo) replication.Upstream {
	up := replication.Upstream{
		Dial: func(ctx context.Context, addr string) (net.Conn, error) { return n.opts.Dial(ctx, "tcp", addr) },
		Addr: net.JoinHostPort(u.Host, strconv.Itoa(u.Port)),
		TLS:  n.upstreamTLS(u.Name), User: n.settings.String("superuser_name"), Password: n.password(),
		ApplicationName: n.name(),
	}
	if c == nil && up.TLS != nil {
		up.User = n.name() // as our certificate says
	}
	if c != nil {
		up.User = c.User
		if c.Password != "" {
			up.Password = c.Password
		}
		if c.ApplicationName != "" {
			up.ApplicationName = c.ApplicationName
		}
		if c.SSLMode == "disable" {
			up.TLS = nil
		}
	}
	if up.ApplicationName == "" {
		up.ApplicationName = "walreceiver"
	}
	up.Renew = func(now *replication.Upstream) (err error) {
		switch {
		case c != nil && !n.settings.Bool("ssl"):
			now.TLS, err = c.TLS(n.readFile, n.opts.Now)
		case now.TLS != nil:
			now.TLS = n.upstreamTLS(u.Name)
		}
		if c == nil || c.Password == "" {
			now.Password = n.password()
		}
		return err
	}
	return up
}

// upstreamTLS is TLS with our certificate, towards a server that the same authority knows by name;
// nil where ssl is off. Its files are as they are now.
func (n *Node) upstreamTLS(name string) *tls.Config {
	if !n.settings.Bool("ssl") {
		return nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS13, ServerName: name, Time: n.opts.Now}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return n.certificate() }
	roots, err := n.authority()
	if err != nil {
		n.log.Error("could not read ssl_ca_file: upstreams cannot be verified", "error", err)
		roots = x509.NewCertPool()
	}
	config.RootCAs = roots
	return config
}

// certificate reads ssl_cert_file and ssl_key_file.
func (n *Node) certificate() (*tls.Certificate, error) {
	cert, err := n.readFile(n.settings.String("ssl_cert_file"))
	if err != nil {
		return nil, fmt.Errorf("ssl_cert_file: %w", err)
	}
	key, err := n.readFile(n.settings.String("ssl_key_file"))
	if err != nil {
		return nil, fmt.Errorf("ssl_key_file: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	return &pair, err
}

// authority reads ssl_ca_file.
func (n *Node) authority() (*x509.CertPool, error) {
	name := n.settings.String("ssl_ca_file")
	if name == "" {
		return nil, errors.New("ssl_ca_file is not set")
	}
	pem, err := n.readFile(name)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", name)
	}
	return pool, nil
}
