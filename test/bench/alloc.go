package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/test/bench/backend"
	"github.com/redoubt-wal/redoubt/test/bench/load"
	"github.com/redoubt-wal/redoubt/test/bench/measure"
)

// none is no allocation per record: what an open or a run costs once is spread over all records.
const none = 0.01

// redoAlloc begins the name of the cases that replay a workload.
const redoAlloc = "redo, "

func allocSuite(_ context.Context, o *options, _ string) (*suite, error) {
	s := &suite{About: "allocations per record, and per commit group"}
	cases := []struct {
		name, unit string
		most       float64
	}{{"insert", "a record", none}, {"commit group", "a group", 1}, {"scan", "a record", none}}
	for _, w := range workloads {
		cases = append(cases, struct {
			name, unit string
			most       float64
		}{redoAlloc + w.name, "a record", none})
	}
	for _, c := range cases {
		j := job{Backend: "redoubt", Script: c.name, Size: 100, Records: 200000, Warmup: 200 * time.Millisecond, Measured: time.Duration(o.seconds * float64(time.Second))}
		s.Cases = append(s.Cases, &kase{Name: c.name, Unit: c.unit, Goal: goal{Most: c.most}, Jobs: []job{j}})
	}
	return s, nil
}

func runAlloc(ctx context.Context, j job) (measure.Run, error) {
	var v float64
	var err error
	switch j.Script {
	case "insert":
		v, err = allocInsert(j)
	case "commit group":
		v, err = allocGroup(j)
	case "scan":
		v, err = allocScan(ctx, j)
	default:
		v, err = allocRedo(ctx, j, j.Script[len(redoAlloc):])
	}
	return measure.Run{Value: v}, err
}

func allocInsert(j job) (float64, error) {
	l, err := backend.OpenRedoubt(backend.Options{Dir: filepath.Join(j.Dir, "log")}, true)
	if err != nil {
		return 0, err
	}
	insert, payload := l.Appender(), make([]byte, j.Size)
	n, err := mallocs(func() error {
		for range j.Records {
			if err := insert(payload); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n / float64(j.Records), l.Close()
}

// allocGroup divides by the number of flushes, both of the measured part.
func allocGroup(j job) (float64, error) {
	l, err := backend.OpenRedoubt(backend.Options{Dir: filepath.Join(j.Dir, "log"), Durable: true}, true)
	if err != nil {
		return 0, err
	}
	var before uint64
	r, err := load.Run(load.Plan{
		Committers: 64, Size: j.Size, Warmup: j.Warmup, Measured: j.Measured, Begin: func() { before = l.Segments.Syncs() },
	}, l.Appender)
	if err != nil {
		return 0, err
	}
	groups := l.Segments.Syncs() - before
	if groups == 0 || r.Records == 0 {
		return 0, fmt.Errorf("%d records in %d groups", r.Records, groups)
	}
	return float64(r.Mallocs) / float64(groups), l.Close()
}

func allocScan(ctx context.Context, j job) (float64, error) {
	j.Data = filepath.Join(j.Dir, "scanned")
	if err := writeScanned(&j); err != nil {
		return 0, err
	}
	n, err := mallocs(func() error {
		_, err := scanOurs(ctx, j)
		return err
	})
	return n / float64(j.Records), err
}

func allocRedo(ctx context.Context, j job, workload string) (float64, error) {
	dir := filepath.Join(j.Dir, "data")
	if err := crashOurs(ctx, dir, workload, j.Records); err != nil {
		return 0, err
	}
	o, err := engineOptions(dir)
	if err != nil {
		return 0, err
	}
	var e *engine.Engine
	n, err := mallocs(func() error {
		e, err = engine.Open(ctx, o)
		return err
	})
	if err != nil {
		return 0, err
	}
	e.Abort()
	return n / float64(j.Records), nil
}

// mallocs is how many allocations the process makes in fn.
func mallocs(fn func() error) (float64, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	err := fn()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs - before.Mallocs), err
}
