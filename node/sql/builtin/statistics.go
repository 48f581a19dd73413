package builtin

import (
	"time"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// WAL is the row of pg_stat_wal, counted from the start of the process.
type WAL struct {
	Records, FullPageImages, Bytes int64
	BuffersFull, Write, Sync       int64
	WriteTime, SyncTime            time.Duration
	Reset                          time.Time
}

// CheckpointStats are the row of pg_stat_bgwriter. Pages are written by checkpoints and by who needs
// room; there is no background writer.
type CheckpointStats struct {
	Timed, Requested    int64
	WriteTime, SyncTime time.Duration
	ByCheckpoint        int64 // pages
	ByBackends          int64
	Read                int64
	Reset               time.Time
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func walView(n Node) catalog.View {
	return view("pg_stat_wal", columns("wal_records", rmgr.Int8, "wal_fpi", rmgr.Int8, "wal_bytes", datum.Numeric, "wal_buffers_full", rmgr.Int8,
		"wal_write", rmgr.Int8, "wal_sync", rmgr.Int8, "wal_write_time", rmgr.Float8, "wal_sync_time", rmgr.Float8, "stats_reset", rmgr.Timestamptz),
		func() []WAL { return []WAL{n.WAL()} }, func(w WAL) []any {
			return []any{
				w.Records, w.FullPageImages, w.Bytes, w.BuffersFull, w.Write, w.Sync,
				milliseconds(w.WriteTime), milliseconds(w.SyncTime), nullTime(w.Reset),
			}
		})
}

func bgwriterView(n Node) catalog.View {
	return view("pg_stat_bgwriter", columns("checkpoints_timed", rmgr.Int8, "checkpoints_req", rmgr.Int8,
		"checkpoint_write_time", rmgr.Float8, "checkpoint_sync_time", rmgr.Float8, "buffers_checkpoint", rmgr.Int8, "buffers_clean", rmgr.Int8,
		"maxwritten_clean", rmgr.Int8, "buffers_backend", rmgr.Int8, "buffers_backend_fsync", rmgr.Int8, "buffers_alloc", rmgr.Int8, "stats_reset", rmgr.Timestamptz),
		func() []CheckpointStats { return []CheckpointStats{n.CheckpointStats()} }, func(c CheckpointStats) []any {
			none := int64(0)
			return []any{
				c.Timed, c.Requested, milliseconds(c.WriteTime), milliseconds(c.SyncTime), c.ByCheckpoint, none,
				none, c.ByBackends, none, c.Read, nullTime(c.Reset),
			}
		})
}

// archiverView says that nothing was archived: there is no archiver.
func archiverView(n Node) catalog.View {
	return view("pg_stat_archiver", columns("archived_count", rmgr.Int8, "last_archived_wal", rmgr.Text, "last_archived_time", rmgr.Timestamptz,
		"failed_count", rmgr.Int8, "last_failed_wal", rmgr.Text, "last_failed_time", rmgr.Timestamptz, "stats_reset", rmgr.Timestamptz),
		func() []struct{} { return make([]struct{}, 1) }, func(struct{}) []any {
			var started any
			if n.StartTime != nil {
				started = n.StartTime()
			}
			return []any{int64(0), nil, nil, int64(0), nil, nil, started}
		})
}
