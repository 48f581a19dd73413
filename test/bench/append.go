package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/redoubt-wal/redoubt/test/bench/backend"
	"github.com/redoubt-wal/redoubt/test/bench/load"
	"github.com/redoubt-wal/redoubt/test/bench/measure"
)

// durableGoals are by size and committers.
var durableGoals = []struct {
	size, committers int
	goal             goal
}{
	{100, 1, goal{Peer: 1.00, Floor: 0.97}},
	{100, 8, goal{Peer: 1.05, Floor: 0.95}},
	{100, 64, goal{Peer: 1.30, Floor: 0.90}},
	{100, 256, goal{Peer: 1.00, Floor: 0.94}},
	{1024, 1, goal{Peer: 1.05, Floor: 0.92}},
	{1024, 8, goal{}},
	{1024, 64, goal{Peer: 1.30, Floor: 0.92}},
	{1024, 256, goal{}},
	{8192, 1, goal{Peer: 1.10, Floor: 0.92}},
	{8192, 8, goal{}},
	{8192, 64, goal{Peer: 1.10, Floor: 0.92}},
	{8192, 256, goal{}},
}

var asyncGoals = []struct {
	size int
	goal goal
}{
	{100, goal{Peer: 1.5, Floor: 0.5}},
	{1024, goal{Peer: 1.6, Floor: 0.7}},
	{8192, goal{Peer: 1.5, Floor: 0.7}},
}

func appendSuite(_ context.Context, o *options, _ string) (*suite, error) {
	s := &suite{About: "records a second, each durable when its append returns; then without waiting, one thread"}
	measured := time.Duration(o.seconds * float64(time.Second))
	for _, c := range durableGoals {
		k := &kase{Name: fmt.Sprintf("durable %s × %d", bytesOf(c.size), c.committers), Unit: "rec/s", Goal: c.goal}
		j := job{Committers: c.committers, Size: c.size, Durable: true, Warmup: measured * 3 / 10, Measured: measured}
		for _, b := range append([]string{"redoubt", "floor"}, backend.Peers...) {
			j.Backend = b
			k.Jobs = append(k.Jobs, j)
		}
		if o.alone && c.committers > 1 {
			j.Alone = true
			for _, b := range backend.Ungrouped {
				j.Backend = b + " alone"
				k.Jobs = append(k.Jobs, j)
			}
		}
		s.Cases = append(s.Cases, k)
	}
	for _, c := range asyncGoals {
		k := &kase{Name: fmt.Sprintf("async %s × 1", bytesOf(c.size)), Unit: "rec/s", Goal: c.goal}
		for _, b := range []string{"redoubt", "floor", "pebble", "tidwall", "rosedb", "etcd"} {
			k.Jobs = append(k.Jobs, job{Backend: b, Committers: 1, Size: c.size, Warmup: measured * 3 / 10, Measured: measured})
		}
		s.Cases = append(s.Cases, k)
	}
	return s, nil
}

func runAppend(_ context.Context, j job) (measure.Run, error) {
	name := j.Backend
	if j.Alone {
		name = name[:len(name)-len(" alone")]
	}
	dir := filepath.Join(j.Dir, "log")
	if err := mkdir(dir); err != nil {
		return measure.Run{}, err
	}
	l, err := backend.Open(name, backend.Options{Dir: dir, Durable: j.Durable, Alone: j.Alone})
	if err != nil {
		return measure.Run{}, err
	}
	if err := settle(dir); err != nil {
		return measure.Run{}, err
	}
	r, err := load.Run(load.Plan{Committers: j.Committers, Size: j.Size, Warmup: j.Warmup, Measured: j.Measured, Timed: j.Durable}, l.Appender)
	if err != nil {
		return measure.Run{}, err
	}
	run := measure.Run{Value: float64(r.Records) / r.Elapsed.Seconds(), More: map[string]float64{
		"allocations per record": float64(r.Mallocs) / float64(max(1, r.Records)),
	}}
	if j.Durable {
		run.More["p50 µs"], run.More["p99 µs"] = micro(r.Latency.Quantile(0.5)), micro(r.Latency.Quantile(0.99))
	}
	return run, l.Close()
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func bytesOf(n int) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%d KiB", n/1024)
}
