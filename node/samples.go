package node

import (
	"sync/atomic"
	"time"

	"github.com/redoubt-wal/redoubt/node/control"
)

// commitCounts counts what clients waited for.
type commitCounts struct {
	done, failed, nanos atomic.Int64
}

func (c *commitCounts) note(took time.Duration, err error) {
	if err != nil {
		c.failed.Add(1)
		return
	}
	c.done.Add(1)
	c.nanos.Add(int64(took))
}

// samples are the node's counters for /metrics.
func (n *Node) samples() []control.Sample {
	counter := func(name, help string, v float64) control.Sample {
		return control.Sample{Name: name, Help: help, Value: v}
	}
	out := []control.Sample{
		counter("commits_total", "Writes that were acknowledged.", float64(n.commits.done.Load())),
		counter("commits_failed_total", "Writes whose fate clients were not told.", float64(n.commits.failed.Load())),
		counter("commit_wait_seconds_total", "Time that acknowledged writes waited for disk and standbys.", time.Duration(n.commits.nanos.Load()).Seconds()),
	}
	out = append(out, control.Sample{Name: "sessions", Help: "Connections, those of replication included.", Gauge: true, Value: float64(len(n.sessions.Activity()))})
	l := n.current().local
	if l == nil {
		return out
	}
	pages := l.engine.Buffers()
	return append(out,
		counter("log_syncs_total", "Syncs of the log: commits per sync are what group commit saves.", float64(l.engine.Log().Syncs())),
		counter("buffer_hits_total", "Pages found in memory.", float64(pages.Hits)),
		counter("buffer_reads_total", "Pages read from disk.", float64(pages.Reads)),
		counter("buffer_writes_total", "Pages written to disk.", float64(pages.Writes)),
	)
}
