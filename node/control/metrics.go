package control

import (
	"github.com/prometheus/client_golang/prometheus"

	api "github.com/redoubt-wal/redoubt/api/control"
)

// A Sample is one counter or gauge of the engine.
type Sample struct {
	Name  string // without the prefix redoubt_
	Help  string
	Gauge bool // otherwise a counter
	Value float64
}

// Metrics turns status and counters into Prometheus' form when they are asked for.
func Metrics(status func() api.Status, samples func() []Sample) prometheus.Gatherer {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{status, samples})
	return registry
}

type collector struct {
	status  func() api.Status
	samples func() []Sample
}

// Describe sends nothing: which metrics there are depends on the role.
func (c collector) Describe(chan<- *prometheus.Desc) {}

var roles = []api.Role{api.RoleEmpty, api.RoleCloning, api.RoleRecovering, api.RoleWaiting, api.RoleStandby, api.RolePrimary, api.RoleDiverged, api.RoleStopping}

func (c collector) Collect(out chan<- prometheus.Metric) {
	s := c.status()
	gauge := func(name, help string, value float64, labels ...string) {
		emit(out, prometheus.GaugeValue, name, help, value, labels...)
	}
	for _, role := range roles {
		gauge("role", "1 for the role the node has.", truth(s.Role == role), "role", string(role))
	}
	gauge("timeline", "Timeline of the log the node writes or replays.", float64(s.Timeline))
	gauge("fenced_at_timeline", "Timeline below which the node has promised to follow nobody.", float64(s.FencedAt))
	gauge("open_writes", "1 while the node accepts writes.", truth(s.OpenWrites))
	gauge("streaming", "1 while a standby's stream is up.", truth(s.Streaming))
	gauge("suspect", "1 after a failed fsync, until the log is proven or replaced.", truth(s.Suspect != ""))
	gauge("replay_paused", "1 while a standby receives but cannot replay.", truth(s.ReplayPaused != nil))
	gauge("wal_size_bytes", "Bytes of log segments kept.", float64(s.WALSize))
	for position, lsn := range map[string]api.LSN{"write": s.WriteLSN, "flush": s.FlushLSN, "replay": s.ReplayLSN, "redo": s.RedoLSN, "oldest": s.OldestLSN} {
		gauge("wal_lsn_bytes", "Positions in the log.", float64(lsn), "position", position)
	}
	gauge("commit_waiters", "Commits that wait for standbys.", float64(s.Waiters))
	if s.WriteProbe != nil {
		gauge("write_probe_seconds", "Duration of the last probe of the write path.", float64(s.WriteProbe.Duration)/1e6)
		gauge("write_probe_failed", "1 if the last probe of the write path failed.", truth(s.WriteProbe.Error != ""))
	}
	for _, r := range byName(s.Replicas) {
		lag := float64(0)
		if s.FlushLSN > r.ReplayLSN {
			lag = float64(s.FlushLSN - r.ReplayLSN)
		}
		gauge("replica_lag_bytes", "Log that a standby has not replayed yet.", lag, "replica", r.Name)
		gauge("replica_flush_lsn_bytes", "Position to which a standby's log is durable.", float64(r.FlushLSN), "replica", r.Name)
		gauge("replica_sync", "1 if a standby counts for synchronous commits.", truth(r.SyncState == "sync" || r.SyncState == "quorum"), "replica", r.Name)
	}
	for _, slot := range s.Slots {
		kept := float64(0)
		if slot.RestartLSN > 0 && s.WriteLSN > slot.RestartLSN {
			kept = float64(s.WriteLSN - slot.RestartLSN)
		}
		gauge("slot_retained_bytes", "Log kept for a replication slot.", kept, "slot", slot.Name, "type", slot.Type)
		gauge("slot_active", "1 while somebody uses a replication slot.", truth(slot.Active), "slot", slot.Name, "type", slot.Type)
	}
	for _, m := range s.Modules {
		gauge("module_info", "A loaded module.", 1, "module", m.Name, "version", m.Version)
	}
	if c.samples == nil {
		return
	}
	for _, sample := range c.samples() {
		kind := prometheus.CounterValue
		if sample.Gauge {
			kind = prometheus.GaugeValue
		}
		emit(out, kind, sample.Name, sample.Help, sample.Value)
	}
}

// byName is for each name the connection that is furthest: a metric must not come twice, and a standby that
// copies itself, or has connected again, has several connections.
func byName(all []api.Replica) map[string]api.Replica {
	best := map[string]api.Replica{}
	for _, r := range all {
		if had, ok := best[r.Name]; !ok || r.FlushLSN > had.FlushLSN {
			best[r.Name] = r
		}
	}
	return best
}

// emit sends one metric; labels are name, value, name, value, ….
func emit(out chan<- prometheus.Metric, kind prometheus.ValueType, name, help string, value float64, labels ...string) {
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	desc := prometheus.NewDesc("redoubt_"+name, help, names, nil)
	if m, err := prometheus.NewConstMetric(desc, kind, value, values...); err == nil {
		out <- m
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
