package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redoubt-wal/redoubt/test/bench/measure"
	"github.com/redoubt-wal/redoubt/test/bench/server"
)

var sqlGoals = []struct {
	clients int
	goal    goal
}{
	{1, goal{Peer: 1.0}}, {8, goal{Peer: 1.7}}, {64, goal{Peer: 1.5}},
}

// sqlSuite compares messages through SQL; kv_put runs beside them, and its own goal is a share of our
// messages (a case of its own, with them in the peer's place).
func sqlSuite(ctx context.Context, o *options, dir string) (*suite, error) {
	if err := buildNode(ctx, o); err != nil {
		return nil, err
	}
	scripts := map[string]string{
		"messages": "SELECT pg_logical_emit_message(true, 'bench', '" + strings.Repeat("x", 100) + "');\n",
		"kv_put":   "\\set k random(1, 1000000)\nSELECT kv_put('key' || :k, '" + strings.Repeat("x", 100) + "');\n",
	}
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name+".sql"), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	postgres := filepath.Join(dir, "postgres")
	if err := server.InitPostgres(ctx, o.pgbin, postgres); err != nil {
		return nil, err
	}
	s := &suite{About: "transactions a second of pgbench -M prepared over a unix socket, each durable"}
	for _, c := range sqlGoals {
		j := job{Committers: c.clients, Node: o.node, PGBin: o.pgbin, Data: postgres, Measured: time.Duration(o.seconds * 5 * float64(time.Second))}
		messages, put := j, j
		messages.Script, put.Script = filepath.Join(dir, "messages.sql"), filepath.Join(dir, "kv_put.sql")
		s.Cases = append(s.Cases,
			&kase{Name: fmt.Sprintf("messages of 100 B × %d", c.clients), Unit: "tps", Goal: c.goal, Jobs: []job{named("redoubt", messages), named("postgres", messages), named("floor", messages)}},
			&kase{Name: fmt.Sprintf("kv_put of 100 B × %d", c.clients), Unit: "tps", Goal: goal{Peer: 0.9}, Jobs: []job{named("redoubt kv_put", put), named("messages", messages)}})
	}
	return s, nil
}

func named(backend string, j job) job {
	j.Backend = backend
	return j
}

func buildNode(ctx context.Context, o *options) error {
	if o.node != "" {
		return nil
	}
	o.node = filepath.Join(o.dir, "node")
	return server.BuildNode(ctx, o.node)
}

func runSQL(ctx context.Context, j job) (run measure.Run, err error) {
	s, err := startFor(ctx, j)
	if s != nil {
		defer func() { err = errors.Join(err, s.Stop(syscall.SIGINT)) }()
	}
	if err != nil {
		return run, err
	}
	if err := settle(j.Dir); err != nil {
		return run, err
	}
	if _, _, err := s.Pgbench(ctx, j.Script, j.Committers, time.Second); err != nil { // warm-up
		return run, err
	}
	tps, latency, err := s.Pgbench(ctx, j.Script, j.Committers, j.Measured)
	return measure.Run{Value: tps, More: map[string]float64{"mean µs": micro(latency)}}, err
}

// startFor starts the server of a job on a directory of the run's own.
func startFor(ctx context.Context, j job) (*server.Server, error) {
	switch j.Backend {
	case "floor":
		return server.StartFloor(ctx, j.PGBin, j.Dir, floorArgument, j.Dir)
	case "postgres":
		return startPostgres(ctx, j)
	}
	return server.StartNode(ctx, j.Node, j.PGBin, j.Dir)
}

func startPostgres(ctx context.Context, j job) (*server.Server, error) {
	data := filepath.Join(j.Dir, "data")
	if err := os.CopyFS(data, os.DirFS(j.Data)); err != nil {
		return nil, err
	}
	if err := os.Chmod(data, 0o700); err != nil {
		return nil, err
	}
	if err := server.Give(data); err != nil {
		return nil, err
	}
	s, err := server.StartPostgres(j.PGBin, data)
	if err != nil {
		return nil, err
	}
	return s, s.Ready(ctx)
}
