package node

import (
	"context"
	"io/fs"
	"path"
	"time"

	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/node/sql/builtin"
	"github.com/redoubt-wal/redoubt/wal"
)

// walRow is pg_stat_wal of the data directory in use. Times are not measured, as in PostgreSQL with
// track_wal_io_timing off; inserting never waits for a writer, so no buffer is ever found full.
func (n *Node) walRow() builtin.WAL {
	row := builtin.WAL{Reset: n.started}
	if l := n.current().local; l != nil {
		s := l.engine.Statistics().Log
		row.Records, row.FullPageImages, row.Bytes, row.Write, row.Sync = s.Records, s.Images, s.Bytes, s.Writes, s.Syncs
	}
	return row
}

// checkpointRow is pg_stat_bgwriter of the data directory in use.
func (n *Node) checkpointRow() builtin.CheckpointStats {
	row := builtin.CheckpointStats{Reset: n.started}
	if l := n.current().local; l != nil {
		s, pages := l.engine.Statistics(), l.engine.Buffers()
		row.Timed, row.Requested = s.CheckpointsTimed, s.CheckpointsRequested
		row.WriteTime, row.SyncTime, row.ByCheckpoint = s.CheckpointWrite, s.CheckpointSync, s.CheckpointPages
		row.ByBackends, row.Read = max(pages.Writes-s.CheckpointPages, 0), pages.Reads
	}
	return row
}

// slotRows are pg_replication_slots.
func (n *Node) slotRows() []builtin.Slot {
	l := n.current().local
	if l == nil {
		return nil
	}
	limits := replslot.Limits{
		Now: l.engine.Positions().Write, Keep: n.settings.Bytes("max_slot_wal_keep_size"), Usual: n.settings.Bytes("max_wal_size"),
	}
	var out []builtin.Slot
	for _, s := range l.slots.List() {
		row := builtin.Slot{
			Name: s.Name, Plugin: s.Plugin, Type: "physical", Temporary: s.Temporary, Active: s.ActivePID != 0, ActivePID: s.ActivePID,
			Restart: s.RestartLSN, ConfirmedFlush: s.ConfirmedFlush, WALStatus: limits.Status(s), SafeWALSize: builtin.NoLimit,
		}
		if left, limited := limits.Left(s); limited {
			row.SafeWALSize = left
		}
		if s.Logical {
			row.Type, row.Database = "logical", "postgres"
		}
		out = append(out, row)
	}
	return out
}

func (n *Node) restorePoint(ctx context.Context, name string) (wal.LSN, error) {
	l, err := n.openPrimary()
	if err != nil {
		return 0, err
	}
	return l.engine.RestorePoint(ctx, name)
}

// settingsLoaded is when the settings file was read last with success.
func (n *Node) settingsLoaded() time.Time {
	if t := n.reloaded.Load(); t != nil {
		return *t
	}
	return n.started
}

func (n *Node) replayPaused() bool {
	l := n.current().local
	return l != nil && l.engine.ReplayPause() != nil
}

func (n *Node) controlRow() (builtin.Control, error) {
	l := n.current().local
	if l == nil {
		return builtin.Control{}, n.ready()
	}
	f := l.engine.ControlFile()
	return builtin.Control{
		Version: controlfile.Version, CatalogVersion: controlfile.CatalogVersion, SystemID: f.SystemID, Modified: f.Time.UTC().Truncate(time.Second),
		CheckpointAt: f.CheckPoint, Checkpoint: f.CheckPointCopy,
		MinRecoveryEnd: f.MinRecoveryPoint, MinRecoveryTimeline: f.MinRecoveryTimeline,
		BackupStart: f.BackupStart, BackupEnd: f.BackupEnd, BackupEndRequired: f.BackupEndRequired, ChecksumVersion: f.DataChecksumVersion,
	}, nil
}

// files lists the plain files of a directory of the data directory; one that goes meanwhile is left out.
func (n *Node) files(dir string) (out []fs.FileInfo, err error) {
	dir = path.Join(n.opts.Dir, dir)
	entries, err := n.opts.FS.ReadDir(dir)
	for _, e := range entries {
		if info, err := n.opts.FS.Stat(path.Join(dir, e.Name())); err == nil && !info.IsDir() {
			out = append(out, info)
		}
	}
	return out, err
}
