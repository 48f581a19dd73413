package pgwire

import (
	"context"
)

func (srv *Server) isStopping() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return srv.stopping
}

// stop closes the listeners and the connections without a session.
func (srv *Server) stop() {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if !srv.stopping {
		srv.stopping = true
		close(srv.quit)
	}
	for l := range srv.listeners {
		l.Close()
		delete(srv.listeners, l)
	}
	for c := range srv.pending {
		c.Close()
	}
}

// Drain takes no more clients and returns when those that are there have left by themselves, or when
// ctx ends. Replication connections stay.
func (srv *Server) Drain(ctx context.Context) {
	srv.stop()
	for _, s := range srv.all(false) {
		select {
		case <-s.left:
		case <-ctx.Done():
			return
		}
	}
}

// Shutdown takes no more clients and ends those that are there, each after the statement it runs
// (57P01). When ctx ends, it cancels what still runs. Replication connections stay: they must see
// the shutdown checkpoint. It returns when the last client has left.
func (srv *Server) Shutdown(ctx context.Context) {
	srv.stop()
	left := srv.all(false)
	for _, s := range left {
		s.end(errAdminShutdown, false)
	}
	for _, s := range left {
		select {
		case <-s.left:
		case <-ctx.Done():
			s.end(errAdminShutdown, true)
			<-s.left
		}
	}
}

// Close ends every connection now, also those of replication, and returns when all have ended.
func (srv *Server) Close() {
	srv.stop()
	for _, s := range srv.all(true) {
		s.end(errAdminShutdown, true)
	}
	srv.running.Wait()
}
