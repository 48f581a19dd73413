package node

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"path"
	"strconv"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/pgwire"
	"github.com/redoubt-wal/redoubt/node/sql"
)

// prepareSQL makes the server of clients and standbys, which listens nowhere yet.
func (n *Node) prepareSQL() error {
	engine, err := n.sqlEngine()
	if err != nil {
		return err
	}
	n.sessions, err = n.pgwireServer(engine)
	return err
}

// listenSQL opens the ports for clients and standbys.
func (n *Node) listenSQL() error {
	server := n.sessions
	port := strconv.FormatInt(n.settings.Int("port"), 10)
	for _, host := range config.SplitList(n.settings.String("listen_addresses")) {
		if host == "*" {
			host = ""
		}
		l, err := n.opts.Listen("tcp", net.JoinHostPort(host, port))
		if err != nil {
			return fmt.Errorf("listen_addresses: %w", err)
		}
		n.serveSQL(server, l)
	}
	for _, dir := range config.SplitList(n.settings.String("unix_socket_directories")) {
		l, err := n.opts.Listen("unix", path.Join(dir, ".s.PGSQL."+port))
		if err != nil {
			return fmt.Errorf("unix_socket_directories: %w", err)
		}
		n.serveSQL(server, l)
	}
	return nil
}

func (n *Node) serveSQL(server *pgwire.Server, l net.Listener) {
	n.log.Info("accepting connections", "address", l.Addr().String())
	n.change(func(s *state) { s.addresses = append(s.addresses, l.Addr()) })
	n.tasks.Go(func() {
		if err := server.Serve(l); err != nil && n.run.Err() == nil && n.current().role != api.RoleStopping {
			n.stop(fmt.Errorf("accept connections on %s: %w", l.Addr(), err))
		}
	})
}

// pgwireServer makes the server of SQL and replication connections.
func (n *Node) pgwireServer(engine *sql.Engine) (*pgwire.Server, error) {
	s := n.settings
	o := pgwire.Options{
		Engine: engine, Now: n.opts.Now, Replication: (*replicas)(n), Method: n.method, Verifier: n.verifier, Ready: n.ready,
		MaxConnections: int(s.Int("max_connections")), MaxWALSenders: atMost(s.Int("max_wal_senders")), Rand: n.opts.Rand, Log: n.log,
		Left: n.sessionLeft,
	}
	if s.Bool("ssl") {
		if _, err := n.certificate(); err != nil {
			return nil, err
		}
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Time: n.opts.Now, GetConfigForClient: n.serverTLS}
	}
	return pgwire.NewServer(o)
}

// serverTLS reads the certificate files for each connection, so that rotation needs no reload.
func (n *Node) serverTLS(*tls.ClientHelloInfo) (*tls.Config, error) {
	cert, err := n.certificate()
	if err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*cert}, Time: n.opts.Now}
	if n.settings.String("ssl_ca_file") != "" {
		if c.ClientCAs, err = n.authority(); err != nil {
			return nil, err
		}
		c.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return c, nil
}

// replicas serves replication connections from the data directory in use.
type replicas Node

func (r *replicas) ServeReplication(ctx context.Context, c *pgwire.ReplicationConn) error {
	n := (*Node)(r)
	l := n.current().local
	if l == nil {
		return n.ready()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(l.streams, func() { cancel(context.Cause(l.streams)) })
	defer stop()
	return l.server.Serve(ctx, c)
}
