package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/control"
	"github.com/redoubt-wal/redoubt/node/pgwire"
	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// LocalSocket is where a node's own command line reaches it: beside the data directory, because that
// may be replaced.
const LocalSocket = ".control"

// Paths that only the local socket serves.
const (
	PathReload = "/local/reload"
	PathStop   = "/local/stop"
)

// controlAPI is what the node lets itself be asked and told.
func (n *Node) controlAPI() control.API {
	return control.API{
		Status: n.Status, Changed: n.changes.wait, Census: n.Census, Modules: n.Modules,
		Init: n.Init, Follow: n.Follow, Fence: n.Fence, Promote: n.Promote, Synchronous: n.Synchronous,
		Retire: n.Retire, Format: n.Format, Checkpoint: n.Checkpoint, SwitchWAL: n.SwitchWAL, Demote: n.Demote,
	}
}

// serveHTTP serves h on l until the node stops.
func (n *Node) serveHTTP(l net.Listener, h http.Handler) {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext:  func(net.Listener) context.Context { return n.run },
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1 only
		ErrorLog:     quietLog,
	}
	n.tasks.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) && n.run.Err() == nil {
			n.stop(fmt.Errorf("serve HTTP on %s: %w", l.Addr(), err))
		}
	})
	n.closers = append(n.closers, server.Close)
}

// listenControl opens the control API, its local socket and the probes.
func (n *Node) listenControl() error {
	s := n.settings
	if addr := s.String("health_listen"); addr != "" {
		l, err := n.opts.Listen("tcp", addr)
		if err != nil {
			return fmt.Errorf("health_listen: %w", err)
		}
		n.serveHTTP(l, control.Probes(n.Status, n.notReady, control.Metrics(n.Status, n.samples)))
	}
	if l, err := n.opts.Listen("unix", n.opts.Dir+LocalSocket); err != nil {
		n.log.Warn("the local command socket is not available: node promote, reload and stop cannot reach this node", "error", err)
	} else {
		n.serveHTTP(l, n.localHandler())
	}
	addr := s.String("control_listen")
	if addr == "" {
		if n.managed() {
			return errors.New("managed = on needs control_listen: there would be nobody to tell the node what to be")
		}
		return nil
	}
	l, err := n.opts.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("control_listen: %w", err)
	}
	remote := n.controlAPI()
	remote.Heard = n.heardFrom
	handler := remote.Handler()
	if s.String("control_cert_file") == "" && s.String("control_ca_file") == "" && isLoopback(l.Addr()) {
		n.log.Warn("the control API is open to everybody on this machine: control_cert_file, control_key_file and control_ca_file are not set")
		n.serveHTTP(l, handler)
		return nil
	}
	certs := &control.Certificates{
		CertFile: n.inDir(s.String("control_cert_file")), KeyFile: n.inDir(s.String("control_key_file")), CAFile: n.inDir(s.String("control_ca_file")),
		ReadFile: func(name string) ([]byte, error) { return vfs.ReadFile(n.opts.FS, name) },
	}
	secure, err := certs.ServerConfig()
	if err != nil {
		l.Close()
		return fmt.Errorf("control API: %w", err)
	}
	secure.Time = n.opts.Now
	n.serveHTTP(tls.NewListener(l, secure), control.Authorise(s.String("control_client_name"), handler))
	return nil
}

// isLoopback reports whether only this machine can reach an address.
func isLoopback(a net.Addr) bool {
	host, _, err := net.SplitHostPort(a.String())
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback() || a.Network() == "pipe"
}

// localHandler is the control API with what only the command line beside the node may ask.
func (n *Node) localHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", n.controlAPI().Handler())
	mux.HandleFunc("POST "+PathReload, func(w http.ResponseWriter, _ *http.Request) {
		if err := n.Reload(); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	})
	mux.HandleFunc("POST "+PathStop, n.answerStop)
	mux.HandleFunc("POST "+PathPromoteHere, func(w http.ResponseWriter, r *http.Request) {
		if err := n.promoteUnmanaged(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	})
	return mux
}

// answerStop answers PathStop: the whole of the answer leaves before the stop closes the socket.
func (n *Node) answerStop(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	if err := http.NewResponseController(w).Flush(); err != nil {
		n.log.Debug("whoever asked for a stop is gone", "reason", err)
	}
	n.requestStop()
}

// inDir is a file that a setting names: a relative name is in the data directory.
func (n *Node) inDir(name string) string {
	if name == "" || strings.HasPrefix(name, "/") {
		return name
	}
	return path.Join(n.opts.Dir, name)
}

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
		MaxConnections: int(s.Int("max_connections")), MaxWALSenders: int(s.Int("max_wal_senders")), Rand: n.opts.Rand, Log: n.log,
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

// method says how a client must prove who it is: whoever has a certificate of the user's name by that,
// as other nodes do, and everybody else as the setting authentication says. A certificate of another
// name proves nothing.
func (n *Node) method(c pgwire.Client) pgwire.Method {
	switch {
	case c.CommonName != "" && c.CommonName == c.User:
		return pgwire.Trust
	case n.settings.String("authentication") == "scram-sha-256":
		return pgwire.SCRAM
	}
	return pgwire.Trust
}

// verifier is the superuser's password verifier.
func (n *Node) verifier(user string) (string, bool) {
	password := n.password()
	if user != n.settings.String("superuser_name") || password == "" {
		return "", false
	}
	if strings.HasPrefix(password, "SCRAM-SHA-256$") {
		return password, true
	}
	v, err := n.secret.verifier(password, n.opts.Rand)
	if err != nil {
		n.log.Error("could not make a verifier of the superuser's password", "error", err)
		return "", false
	}
	return v, true
}

// secret keeps the verifier made of a password: another salt for each connection would tell that
// the user exists.
type secret struct {
	mu             sync.Mutex
	password, kept string
}

func (s *secret) verifier(password string, random io.Reader) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept != "" && s.password == password {
		return s.kept, nil
	}
	v, err := pgwire.NewVerifier(password, random)
	if err == nil {
		s.password, s.kept = password, v
	}
	return v, err
}

// password is the first line of superuser_password_file.
func (n *Node) password() string {
	name := n.settings.String("superuser_password_file")
	if name == "" {
		return ""
	}
	text, err := n.readFile(name)
	if err != nil {
		n.log.Error("could not read superuser_password_file", "error", err)
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimRight(line, "\r")
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
