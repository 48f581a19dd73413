package server

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// settings of the PostgreSQL that is measured: a log on logical level with segments as ours, and no
// checkpoint or background work of its own in a run.
const settings = `
listen_addresses = ''
wal_level = logical
max_wal_size = 8GB
min_wal_size = 512MB
shared_buffers = 512MB
checkpoint_timeout = 1h
autovacuum = off
log_checkpoints = on
log_min_messages = log
max_connections = 300
fsync = on
`

// InitPostgres makes a data directory.
func InitPostgres(ctx context.Context, pgbin, dir string) error {
	as, err := other()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := Give(dir); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(pgbin, "initdb"), "-D", dir, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	cmd.Dir = "/"
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	f, err := os.OpenFile(filepath.Join(dir, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(settings + "unix_socket_directories = '" + dir + "'\n")
	return err
}

// Give makes a directory and all below PostgreSQL's.
func Give(dir string) error {
	as, err := other()
	if as == nil || err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, int(as.Uid), int(as.Gid))
	})
}

// StartPostgres starts a server and returns at once: see Await and Ready.
func StartPostgres(pgbin, dir string) (*Server, error) {
	as, err := other()
	if err != nil {
		return nil, err
	}
	s, err := start(as, filepath.Join(pgbin, "postgres"), "-D", dir, "-c", "unix_socket_directories="+dir)
	if err != nil {
		return nil, err
	}
	s.Socket, s.Port, s.User, s.pgbin = dir, 5432, "postgres", pgbin
	return s, nil
}

// Ready returns when PostgreSQL takes connections.
func (s *Server) Ready(ctx context.Context) error {
	_, err := s.Await(ctx, "database system is ready to accept connections")
	return err
}

// Redo returns how long PostgreSQL's crash recovery took, and from where to where it went.
func (s *Server) Redo(ctx context.Context) (seconds float64, from, to string, err error) {
	first, err := s.Await(ctx, "redo starts at ")
	if err != nil {
		return 0, "", "", err
	}
	last, err := s.Await(ctx, "redo done at ")
	if err != nil {
		return 0, "", "", err
	}
	_, from, _ = strings.Cut(first, "redo starts at ")
	_, rest, _ := strings.Cut(last, "redo done at ")
	to, rest, _ = strings.Cut(rest, " ")
	_, elapsed, _ := strings.Cut(rest, "elapsed: ")
	_, err = fmt.Sscanf(elapsed, "%f s", &seconds)
	return seconds, strings.TrimSpace(from), to, err
}
