package server

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const product = "github.com/redoubt-wal/redoubt"

// BuildNode builds our node in its own module, with that module's versions.
func BuildNode(ctx context.Context, out string) error {
	dir, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", product).Output()
	if err != nil {
		return fmt.Errorf("find the node's module: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, product+"/cmd/node")
	cmd.Dir = strings.TrimSpace(string(dir))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the node: %w: %s", err, text)
	}
	return nil
}

// StartNode makes a data directory and starts our node on it; pgbin has the clients.
func StartNode(ctx context.Context, node, pgbin, dir string) (*Server, error) {
	data := filepath.Join(dir, "data")
	if out, err := exec.CommandContext(ctx, node, "init", "-D", data).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("node init: %w: %s", err, out)
	}
	s, err := start(nil, node, "run", "-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories="+dir, "-c", "port=5432",
		"-c", "max_wal_size=8GB", "-c", "min_wal_size=512MB", "-c", "checkpoint_timeout=1h", "-c", "max_connections=300")
	if err != nil {
		return nil, err
	}
	s.Socket, s.Port, s.User, s.pgbin = dir, 5432, "postgres", pgbin
	if out, err := exec.CommandContext(ctx, node, "wait", "-D", data).CombinedOutput(); err != nil {
		return s, fmt.Errorf("node wait: %w: %s", err, out)
	}
	return s, nil
}
