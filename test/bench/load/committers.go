package load

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A Plan is what committers do.
type Plan struct {
	Committers int
	Size       int // bytes of a record
	Warmup     time.Duration
	Measured   time.Duration
	Timed      bool   // take each append's time: not where an append costs less than a clock
	Begin      func() // if not nil, called when the measured part begins
}

// A Result is what they saw in the measured part.
type Result struct {
	Records uint64
	Elapsed time.Duration
	Latency Histogram // if timed
	Mallocs uint64    // of the whole process
}

const (
	warming int32 = iota
	measuring
	over
)

// Run lets committers append until the time is over, each with an appender of its own.
func Run(p Plan, appender func() func([]byte) error) (Result, error) {
	var phase atomic.Int32
	var wait sync.WaitGroup
	results := make([]Result, p.Committers)
	errs := make([]error, p.Committers)
	for i := range results {
		fn := appender()
		wait.Go(func() {
			if errs[i] = results[i].loop(p, fn, &phase); errs[i] != nil {
				phase.Store(over)
			}
		})
	}
	time.Sleep(p.Warmup)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if p.Begin != nil {
		p.Begin()
	}
	start := time.Now()
	phase.CompareAndSwap(warming, measuring)
	time.Sleep(p.Measured)
	phase.Store(over)
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	wait.Wait()
	total := Result{Elapsed: elapsed, Mallocs: after.Mallocs - before.Mallocs}
	for i := range results {
		total.Records += results[i].Records
		total.Latency.Merge(&results[i].Latency)
	}
	return total, errors.Join(errs...)
}

func (r *Result) loop(p Plan, append func([]byte) error, phase *atomic.Int32) error {
	record := make([]byte, p.Size)
	for i := range record {
		record[i] = byte(i*7 + i>>8)
	}
	for {
		now := phase.Load()
		if now == over {
			return nil
		}
		var start time.Time
		if p.Timed {
			start = time.Now()
		}
		if err := append(record); err != nil {
			return err
		}
		if now == measuring {
			r.Records++
			if p.Timed {
				r.Latency.Add(time.Since(start))
			}
		}
	}
}
