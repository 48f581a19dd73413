package builtin

import (
	"context"
	"fmt"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Control is what pg_control says.
type Control struct {
	Version, CatalogVersion int32
	SystemID                uint64
	Modified                time.Time

	CheckpointAt wal.LSN
	Checkpoint   wal.Checkpoint

	MinRecoveryEnd         wal.LSN
	MinRecoveryTimeline    wal.TimelineID
	BackupStart, BackupEnd wal.LSN
	BackupEndRequired      bool
	ChecksumVersion        uint32
}

// controlFunctions are pg_control_checkpoint() and its siblings.
func controlFunctions(n Node) []rmgr.Function {
	if n.Control == nil {
		return nil
	}
	show := func(name string, cols []rmgr.Column, row func(Control) []any) rmgr.Function {
		return rmgr.Function{Name: name, Strict: true, Returns: cols, Call: func(_ context.Context, _ rmgr.Session, _ []any, out func(...any) error) error {
			c, err := n.Control()
			if err != nil {
				return err
			}
			return out(row(c)...)
		}}
	}
	return []rmgr.Function{
		show("pg_control_system", columns("pg_control_version", rmgr.Int4, "catalog_version_no", rmgr.Int4, "system_identifier", rmgr.Int8,
			"pg_control_last_modified", rmgr.Timestamptz), func(c Control) []any {
			return []any{int64(c.Version), int64(c.CatalogVersion), int64(c.SystemID), c.Modified}
		}),
		show("pg_control_init", columns("max_data_alignment", rmgr.Int4, "database_block_size", rmgr.Int4, "blocks_per_segment", rmgr.Int4,
			"wal_block_size", rmgr.Int4, "bytes_per_wal_segment", rmgr.Int4, "max_identifier_length", rmgr.Int4, "max_index_columns", rmgr.Int4,
			"max_toast_chunk_size", rmgr.Int4, "large_object_chunk_size", rmgr.Int4, "float8_pass_by_value", rmgr.Bool, "data_page_checksum_version", rmgr.Int4), func(c Control) []any {
			return []any{
				int64(8), int64(8192), int64(131072),
				int64(8192), int64(n.SegmentSize()), int64(64), int64(32),
				int64(1996), int64(2048), true, int64(c.ChecksumVersion),
			}
		}),
		show("pg_control_recovery", columns("min_recovery_end_lsn", rmgr.PgLSN, "min_recovery_end_timeline", rmgr.Int4, "backup_start_lsn", rmgr.PgLSN,
			"backup_end_lsn", rmgr.PgLSN, "end_of_backup_record_required", rmgr.Bool), func(c Control) []any {
			return []any{c.MinRecoveryEnd, int64(c.MinRecoveryTimeline), c.BackupStart, c.BackupEnd, c.BackupEndRequired}
		}),
		show("pg_control_checkpoint", checkpointColumns, func(c Control) []any { return checkpointRow(n, c) }),
	}
}

var checkpointColumns = columns("checkpoint_lsn", rmgr.PgLSN, "redo_lsn", rmgr.PgLSN, "redo_wal_file", rmgr.Text, "timeline_id", rmgr.Int4,
	"prev_timeline_id", rmgr.Int4, "full_page_writes", rmgr.Bool, "next_xid", rmgr.Text, "next_oid", datum.Oid, "next_multixact_id", datum.Xid,
	"next_multi_offset", datum.Xid, "oldest_xid", datum.Xid, "oldest_xid_dbid", datum.Oid, "oldest_active_xid", datum.Xid, "oldest_multi_xid", datum.Xid,
	"oldest_multi_dbid", datum.Oid, "oldest_commit_ts_xid", datum.Xid, "newest_commit_ts_xid", datum.Xid, "checkpoint_time", rmgr.Timestamptz)

func checkpointRow(n Node, c Control) []any {
	p := c.Checkpoint
	file := wal.SegmentName(p.Timeline, p.Redo, uint64(n.SegmentSize()))
	return []any{
		c.CheckpointAt, p.Redo, file, int64(p.Timeline),
		int64(p.PrevTimeline), p.FullPageWrites, fmt.Sprintf("%d:%d", p.NextXid>>32, uint32(p.NextXid)), int64(p.NextOID), int64(p.NextMulti),
		int64(p.NextMultiOff), int64(p.OldestXid), int64(p.OldestXidDB), int64(p.OldestActiveXid), int64(p.OldestMulti),
		int64(p.OldestMultiDB), int64(p.OldestCommitTsXid), int64(p.NewestCommitTsXid), time.Unix(p.Time, 0).UTC(),
	}
}
