package main

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/redoubt-wal/redoubt/test/bench/backend"
	"github.com/redoubt-wal/redoubt/test/bench/load"
	"github.com/redoubt-wal/redoubt/test/bench/measure"
	"github.com/redoubt-wal/redoubt/wal"
)

func edgeSuite(_ context.Context, o *options, _ string) (*suite, error) {
	s := &suite{About: "p99.9 of commits (8 KiB, 8 committers) during which the log went into another segment, against those within one"}
	for _, b := range []struct {
		name string
		goal goal
	}{
		{"recycled segments", goal{Most: 1.5}},
		{"new segments", goal{}},
	} {
		s.Cases = append(s.Cases, &kase{Name: b.name, Unit: "×", Goal: b.goal, Jobs: []job{{
			Backend: "redoubt", Committers: 8, Size: 8192, Durable: true, Fresh: b.name == "new segments",
			Warmup: time.Duration(o.seconds * float64(time.Second)), Measured: time.Duration(o.seconds * 10 * float64(time.Second)),
		}}})
	}
	return s, nil
}

// runEdge tells commits apart by the segment that the log was durable up to before and after: whether one was finished
// meanwhile or the first bytes of one were written.
func runEdge(_ context.Context, j job) (measure.Run, error) {
	dir := filepath.Join(j.Dir, "log")
	if err := mkdir(dir); err != nil {
		return measure.Run{}, err
	}
	l, err := backend.OpenRedoubt(backend.Options{Dir: dir, Durable: true}, !j.Fresh)
	if err != nil {
		return measure.Run{}, err
	}
	if err := settle(dir); err != nil {
		return measure.Run{}, err
	}
	var warm atomic.Bool
	time.AfterFunc(j.Warmup, func() { warm.Store(true) })
	type split struct{ over, usual load.Histogram }
	splits := make([]*split, 0, j.Committers)
	segments := func() (finished, begun wal.LSN) {
		flushed := l.Segments.FlushedLSN()
		return flushed / wal.DefaultSegmentSize, (flushed - 1) / wal.DefaultSegmentSize
	}
	_, err = load.Run(load.Plan{Committers: j.Committers, Size: j.Size, Warmup: j.Warmup, Measured: j.Measured}, func() func([]byte) error {
		s, commit := &split{}, l.Appender()
		splits = append(splits, s)
		return func(p []byte) error {
			counted := warm.Load()
			finished, begun := segments()
			start := time.Now()
			err := commit(p)
			took := time.Since(start)
			f, b := segments()
			switch over := f != finished || b != begun; {
			case !counted:
			case over:
				s.over.Add(took)
			default:
				s.usual.Add(took)
			}
			return err
		}
	})
	if err := errors.Join(err, l.Close()); err != nil {
		return measure.Run{}, err
	}
	var all split
	for _, s := range splits {
		all.over.Merge(&s.over)
		all.usual.Merge(&s.usual)
	}
	if all.over.Count() == 0 {
		return measure.Run{}, errors.New("no commit went over an edge: measure for longer")
	}
	over, usual := micro(all.over.Quantile(0.999)), micro(all.usual.Quantile(0.999))
	return measure.Run{Value: over / usual, More: map[string]float64{
		"p99.9 µs": over, "usual p99.9 µs": usual, "p50 µs": micro(all.over.Quantile(0.5)), "commits": float64(all.over.Count()),
	}}, nil
}
