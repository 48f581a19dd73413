package node

import (
	"context"
	"crypto/tls"
	"errors"
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
	port := strconv.FormatInt(n.settings.Int("port"), 10)
	var addresses, sockets []string
	for _, host := range config.SplitList(n.settings.String("listen_addresses")) {
		if host == "*" {
			host = ""
		}
		addresses = append(addresses, net.JoinHostPort(host, port))
	}
	for _, dir := range config.SplitList(n.settings.String("unix_socket_directories")) {
		sockets = append(sockets, path.Join(dir, ".s.PGSQL."+port))
	}
	if err := n.listenOnAny("tcp", addresses); err != nil {
		return fmt.Errorf("listen_addresses: %w", err)
	}
	if err := n.listenOnAny("unix", sockets); err != nil {
		return fmt.Errorf("unix_socket_directories: %w", err)
	}
	return nil
}

// listenOnAny listens where it can. As in PostgreSQL, one address that cannot be had, because its
// interface is down say, does not keep clients from the others.
func (n *Node) listenOnAny(network string, addresses []string) error {
	var failed []error
	for _, address := range addresses {
		l, err := n.opts.Listen(network, address)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		n.serveSQL(n.sessions, l)
	}
	if len(failed) == len(addresses) {
		return errors.Join(failed...)
	}
	for _, err := range failed {
		n.log.Warn("could not create a listen socket", "error", err)
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
