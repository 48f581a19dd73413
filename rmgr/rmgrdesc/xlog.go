package rmgrdesc

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// xlog is xlog_desc. The operations that carry nothing but images, and those unknown, print nothing.
func (p Printer) xlog(w io.Writer, rec *wal.Record) bool {
	main := rec.Main
	switch rec.Op() {
	case wal.XLogCheckpointShutdown, wal.XLogCheckpointOnline:
		return p.checkpoint(w, rec)
	case wal.XLogNextOID:
		v, err := wal.DecodeNextOID(main)
		return say(w, err, "%d", v.OID)
	case wal.XLogBackupEnd:
		v, err := wal.DecodeBackupEnd(main)
		return say(w, err, "%s", v.Start)
	case wal.XLogRestorePoint:
		v, err := wal.DecodeRestorePoint(main)
		return say(w, err, "%s", rmgr.Printable(v.Name))
	case wal.XLogFPWChange:
		v, err := wal.DecodeFPWChange(main)
		return say(w, err, "%t", v.On)
	case wal.XLogParameterChange:
		v, err := wal.DecodeParameterChange(main)
		return say(w, err, "max_connections=%d max_worker_processes=%d max_wal_senders=%d max_prepared_xacts=%d max_locks_per_xact=%d wal_level=%s wal_log_hints=%s track_commit_timestamp=%s",
			v.MaxConnections, v.MaxWorkerProcesses, v.MaxWALSenders, v.MaxPreparedXacts, v.MaxLocksPerXact, level(v.WALLevel), onOff(v.WALLogHints), onOff(v.TrackCommitTimestamp))
	case wal.XLogEndOfRecovery:
		v, err := wal.DecodeEndOfRecovery(main)
		ok := say(w, err, "tli %d; prev tli %d; time %s", v.Timeline, v.PrevTimeline, p.time(v.Time))
		if ok && p.Magic >= wal.PageMagic17 && len(main) >= 20 {
			fmt.Fprintf(w, "; wal_level %s", levelAt(main, 16))
		}
		return ok
	case wal.XLogOverwriteContRecord:
		v, err := wal.DecodeOverwriteContRecord(main)
		return say(w, err, "lsn %s; time %s", v.Overwritten, p.time(v.Time))
	case wal.XLogCheckpointRedo:
		if p.Magic >= wal.PageMagic17 {
			return len(main) >= 4 && say(w, nil, "wal_level %s", levelAt(main, 0))
		}
	}
	return true
}

func (p Printer) checkpoint(w io.Writer, rec *wal.Record) bool {
	c, err := wal.DecodeCheckpoint(rec.Main)
	if err != nil {
		return false
	}
	kind, wrote := "online", ""
	if rec.Op() == wal.XLogCheckpointShutdown {
		kind = "shutdown"
	}
	if p.Magic >= wal.PageMagic17 {
		wrote = "wal_level " + levelAt(rec.Main, 20) + "; "
	}
	return say(w, nil, "redo %s; tli %d; prev tli %d; fpw %t; %sxid %d:%d; oid %d; multi %d; offset %d; oldest xid %d in DB %d; oldest multi %d in DB %d; oldest/newest commit timestamp xid: %d/%d; oldest running xid %d; %s",
		c.Redo, c.Timeline, c.PrevTimeline, c.FullPageWrites, wrote, c.NextXid>>32, uint32(c.NextXid), c.NextOID, c.NextMulti, c.NextMultiOff,
		c.OldestXid, c.OldestXidDB, c.OldestMulti, c.OldestMultiDB, c.OldestCommitTsXid, c.NewestCommitTsXid, c.OldestActiveXid, kind)
}

// say prints unless the payload could not be read.
func say(w io.Writer, err error, format string, args ...any) bool {
	if err == nil {
		fmt.Fprintf(w, format, args...)
	}
	return err == nil
}

func onOff(v bool) string {
	if v {
		return "on"
	}
	return "off"
}

func levelAt(main []byte, at int) string {
	return level(wal.WALLevel(binary.LittleEndian.Uint32(main[at:])))
}

func level(l wal.WALLevel) string {
	switch l {
	case wal.WALMinimal:
		return "minimal"
	case wal.WALReplica:
		return "replica"
	case wal.WALLogical:
		return "logical"
	}
	return "?"
}
