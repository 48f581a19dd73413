package node

import (
	"context"
	"os"
	"path"
	"sync"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
)

// A writeProbe tries the write path beside the log: a disk that stalls leaves everything else
// looking healthy.
type writeProbe struct {
	mu     sync.Mutex
	result *api.Probe
}

func (p *writeProbe) last() *api.Probe {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.result
}

// asOf is the last result with its time on the clock as it is now: whoever compares the two must not take a clock that
// was set for a disk that hangs.
func (p *writeProbe) asOf(now time.Time) *api.Probe {
	last := p.last()
	if last == nil {
		return nil
	}
	out := *last
	out.At = now.Add(-now.Sub(last.At)) // Sub goes by the monotonic clock
	return &out
}

func (p *writeProbe) set(r api.Probe) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result = &r
}

// probeFile lies in the directory of the log, which may have a volume of its own.
const probeFile = "pg_wal/archive_status/write.probe"

// probeWrites tries the write path every write_probe_interval, until ctx ends. A try that hangs is
// reported as failed, and no second one is begun beside it.
func (n *Node) probeWrites(ctx context.Context) {
	for {
		interval := n.settings.Duration("write_probe_interval")
		if interval > 0 && n.current().local != nil {
			n.probeOnce(ctx)
		}
		if interval <= 0 {
			interval = time.Minute
		}
		if !sleep(ctx, interval) {
			return
		}
	}
}

func (n *Node) probeOnce(ctx context.Context) {
	began := n.opts.Now()
	done := make(chan error, 1)
	go func() { done <- n.tryWrite() }()
	timeout := time.NewTimer(n.settings.Duration("write_probe_timeout"))
	defer timeout.Stop()
	for {
		select {
		case err := <-done:
			r := api.Probe{At: began, Duration: n.opts.Now().Sub(began).Microseconds()}
			if err != nil {
				r.Error = err.Error()
			}
			was := n.probe.last()
			n.probe.set(r)
			if was == nil || (was.Error == "") != (r.Error == "") {
				n.changes.notify()
			}
			return
		case <-timeout.C:
			n.probe.set(api.Probe{At: began, Duration: n.opts.Now().Sub(began).Microseconds(), Error: "no answer from the disk yet"})
			n.changes.notify()
		case <-ctx.Done():
			return
		}
	}
}

// tryWrite writes a new file each time: syncing one again that failed would prove nothing.
func (n *Node) tryWrite() error {
	name := path.Join(n.opts.Dir, probeFile)
	f, err := n.opts.FS.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(n.opts.Now().UTC().Format(time.RFC3339Nano)), 0); err != nil {
		return err
	}
	return f.Sync()
}

// sleep waits for d; false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
