package server

import (
	"context"
	"net"
	"os"
	"path/filepath"

	"github.com/redoubt-wal/redoubt/test/bench/floor"
)

// ServeFloor is the floor's server: it listens in dir, writes its log there and ends with ctx.
func ServeFloor(ctx context.Context, dir string) error {
	log, err := floor.Create(filepath.Join(dir, "floor"))
	if err != nil {
		return err
	}
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		return err
	}
	os.Stderr.WriteString(serving)
	context.AfterFunc(ctx, func() { listener.Close() })
	if err := floor.Serve(listener, log); ctx.Err() == nil {
		return err
	}
	return nil
}

const serving = "serving\n"

// StartFloor starts this program as the floor's server in dir: args make it call ServeFloor.
func StartFloor(ctx context.Context, pgbin, dir string, args ...string) (*Server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s, err := start(nil, self, args...)
	if err != nil {
		return nil, err
	}
	s.Socket, s.Port, s.User, s.pgbin = dir, 5432, "postgres", pgbin
	_, err = s.Await(ctx, "serving")
	return s, err
}
