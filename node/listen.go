package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/node/control"
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
