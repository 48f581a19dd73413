package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/test/bench/measure"
	"github.com/redoubt-wal/redoubt/test/bench/server"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// workloads are the same rows, written by our engine and by PostgreSQL: one row is one record of ours, and in
// PostgreSQL one too, except that a row with a random key is two (heap and index). So rows are compared: how
// long a start takes until the same rows are there again. Records are shown beside them.
var workloads = []struct {
	name string
	rows int
	goal goal
	sql  string // makes %d rows
}{
	{"records without pages", 4000000, goal{Peer: 1.2},
		"SELECT count(pg_logical_emit_message(false, 'b', repeat('x', 100))) FROM generate_series(1, %d)"},
	{"page inserts", 2000000, goal{Peer: 2},
		"INSERT INTO rows SELECT g, repeat('x', 90) FROM generate_series(1, %d) g"},
	{"random keys", 1000000, goal{Peer: 2},
		"INSERT INTO keys SELECT md5(g::text), repeat('x', 90) FROM generate_series(1, %d) g"},
}

// redoSuite makes directories that a crash has left; each run recovers a copy of one, whose files are
// durable and in the page cache. Of both it takes what their logs say of redo alone, and beside it how
// long the whole start takes: ours reads the log once more before it changes anything, PostgreSQL's makes
// a checkpoint at the end. Both have the same room for pages in memory.
func redoSuite(ctx context.Context, o *options, dir string) (*suite, error) {
	s := &suite{About: "rows a second replayed by crash recovery, from \"redo starts\" to \"redo done\" in the logs of both"}
	for i, w := range workloads {
		rows := w.rows
		if o.quick {
			rows /= 10
		}
		if !strings.Contains(w.name, o.only) {
			continue
		}
		j := job{PGBin: o.pgbin, Script: w.name, Records: rows}
		theirs, ours := j, j
		ours.Data, theirs.Data = filepath.Join(dir, fmt.Sprint("ours", i)), filepath.Join(dir, fmt.Sprint("theirs", i))
		if err := crashOurs(ctx, ours.Data, w.name, rows); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		if err := crashTheirs(ctx, o.pgbin, theirs.Data, fmt.Sprintf(w.sql, rows)); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		s.Cases = append(s.Cases, &kase{Name: w.name, Unit: "rows/s", Goal: w.goal, Jobs: []job{named("redoubt", ours), named("postgres", theirs)}})
	}
	return s, nil
}

// crashOurs writes rows without a checkpoint, makes the log durable, and drops everything else.
func crashOurs(ctx context.Context, dir, workload string, rows int) error {
	e, err := newEngine(ctx, dir)
	if err != nil {
		return err
	}
	return errors.Join(e.write(ctx, workload, rows), e.crash())
}

func crashTheirs(ctx context.Context, pgbin, dir, fill string) error {
	if err := server.InitPostgres(ctx, pgbin, dir); err != nil {
		return err
	}
	s, err := server.StartPostgres(pgbin, dir)
	if err != nil {
		return err
	}
	err = s.Ready(ctx)
	if err == nil {
		_, err = s.SQL(ctx, "CREATE TABLE rows(k bigint, v text)", "CREATE TABLE keys(k text PRIMARY KEY, v text)",
			"CHECKPOINT", fill, "CREATE TABLE flushed()")
	}
	return errors.Join(err, s.Stop(syscall.SIGQUIT))
}

func runRedo(ctx context.Context, j job) (measure.Run, error) {
	data := filepath.Join(j.Dir, "data")
	if err := os.CopyFS(data, os.DirFS(j.Data)); err != nil {
		return measure.Run{}, err
	}
	if err := os.Chmod(data, 0o700); err != nil {
		return measure.Run{}, err
	}
	if err := settle(data); err != nil {
		return measure.Run{}, err
	}
	recover := recoverOurs
	if j.Backend == "postgres" {
		recover = recoverTheirs
	}
	r, err := recover(ctx, j, data)
	if err != nil {
		return measure.Run{}, err
	}
	records, end, err := countRecords(j.Data, r.from, r.to) // a start may have recycled its log
	return measure.Run{Value: float64(j.Records) / r.redo, More: map[string]float64{
		"MB/s": float64(end-r.from) / r.redo / 1e6, "s": r.redo, "whole start s": r.start, "rec/s": float64(records) / r.redo,
	}}, err
}

// A recovery is what one start has done.
type recovery struct {
	redo, start float64 // seconds: redo alone, and all until there is a database
	from, to    wal.LSN // records that start there were replayed
}

func recoverOurs(ctx context.Context, _ job, data string) (r recovery, err error) {
	o, err := engineOptions(data)
	if err != nil {
		return r, err
	}
	said := &redoTime{Handler: slog.DiscardHandler}
	o.Log = slog.New(said)
	start := time.Now()
	e, err := engine.Open(ctx, o)
	if err != nil {
		return r, err
	}
	defer e.Abort()
	p := e.Positions()
	r = recovery{redo: said.duration.Seconds(), start: time.Since(start).Seconds(), from: p.Redo, to: p.Replay}
	if said.duration == 0 {
		return r, errors.New("the engine did not say how long redo took")
	}
	return r, nil
}

// redoTime is a log's handler that looks for how long redo took.
type redoTime struct {
	slog.Handler
	duration time.Duration
}

func (*redoTime) Enabled(context.Context, slog.Level) bool { return true }

func (h *redoTime) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "redo done" {
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "duration" {
				h.duration = a.Value.Duration()
			}
			return true
		})
	}
	return nil
}

func recoverTheirs(ctx context.Context, j job, data string) (r recovery, err error) {
	if err := server.Give(data); err != nil {
		return r, err
	}
	start := time.Now()
	s, err := server.StartPostgres(j.PGBin, data)
	if err != nil {
		return r, err
	}
	seconds, first, last, err := s.Redo(ctx)
	if err == nil {
		err = s.Ready(ctx)
	}
	r.start = time.Since(start).Seconds()
	if err := errors.Join(err, s.Stop(syscall.SIGQUIT)); err != nil {
		return r, err
	}
	if r.from, err = wal.ParseLSN(first); err != nil {
		return r, err
	}
	r.to, err = wal.ParseLSN(last)
	r.to++                       // the start of the last record
	r.redo = max(seconds, 0.005) // its log has two digits
	return r, err
}

// countRecords counts the records that start in [from, to).
func countRecords(data string, from, to wal.LSN) (n int, end wal.LSN, err error) {
	src := segment.NewSource(vfs.OS(), filepath.ToSlash(filepath.Join(data, "pg_wal")), wal.DefaultSegmentSize, wal.NewHistory(1))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{})
	r.Seek(from)
	for {
		rec, err := r.Next()
		if err != nil {
			return n, end, fmt.Errorf("count records up to %s: %w", to, err)
		}
		if rec.LSN >= to {
			return n, end, nil
		}
		n, end = n+1, rec.End
		if rec.End >= to {
			return n, end, nil
		}
	}
}
