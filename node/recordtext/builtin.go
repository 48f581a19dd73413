package recordtext

import (
	"fmt"
	"io"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// moment prints microseconds since 2000 as timestamptz_to_str does.
func moment(micros int64) string {
	return time.UnixMicro(micros + wal.EpochMicros).UTC().Format("2006-01-02 15:04:05.000000 MST")
}

// say prints what was decoded, or why it could not be.
func say(w io.Writer, err error, format string, args ...any) {
	if err != nil {
		fmt.Fprintf(w, "damaged: %v", err)
		return
	}
	fmt.Fprintf(w, format, args...)
}

func xlog(w io.Writer, rec *wal.Record) {
	switch rec.Op() {
	case wal.XLogCheckpointShutdown, wal.XLogCheckpointOnline:
		checkpoint(w, rec)
	case wal.XLogNextOID:
		v, err := wal.DecodeNextOID(rec.Main)
		say(w, err, "%d", v.OID)
	case wal.XLogBackupEnd:
		v, err := wal.DecodeBackupEnd(rec.Main)
		say(w, err, "%s", v.Start)
	case wal.XLogParameterChange:
		v, err := wal.DecodeParameterChange(rec.Main)
		say(w, err, "max_connections=%d max_worker_processes=%d max_wal_senders=%d max_prepared_xacts=%d max_locks_per_xact=%d wal_level=%s wal_log_hints=%s track_commit_timestamp=%s",
			v.MaxConnections, v.MaxWorkerProcesses, v.MaxWALSenders, v.MaxPreparedXacts, v.MaxLocksPerXact, level(v.WALLevel), onOff(v.WALLogHints), onOff(v.TrackCommitTimestamp))
	case wal.XLogRestorePoint:
		v, err := wal.DecodeRestorePoint(rec.Main)
		say(w, err, "%s", v.Name)
	case wal.XLogFPWChange:
		v, err := wal.DecodeFPWChange(rec.Main)
		say(w, err, "%t", v.On)
	case wal.XLogEndOfRecovery:
		v, err := wal.DecodeEndOfRecovery(rec.Main)
		say(w, err, "tli %d; prev tli %d; time %s", v.Timeline, v.PrevTimeline, moment(v.Time))
	case wal.XLogOverwriteContRecord:
		v, err := wal.DecodeOverwriteContRecord(rec.Main)
		say(w, err, "lsn %s; time %s", v.Overwritten, moment(v.Time))
	}
}

func checkpoint(w io.Writer, rec *wal.Record) {
	v, err := wal.DecodeCheckpoint(rec.Main)
	kind := "online"
	if rec.Op() == wal.XLogCheckpointShutdown {
		kind = "shutdown"
	}
	say(w, err, "redo %s; tli %d; prev tli %d; fpw %t; xid %d:%d; oid %d; multi %d; offset %d; oldest xid %d in DB %d; oldest multi %d in DB %d; "+
		"oldest/newest commit timestamp xid: %d/%d; oldest running xid %d; %s",
		v.Redo, v.Timeline, v.PrevTimeline, v.FullPageWrites, v.NextXid>>32, uint32(v.NextXid), v.NextOID, v.NextMulti, v.NextMultiOff,
		v.OldestXid, v.OldestXidDB, v.OldestMulti, v.OldestMultiDB, v.OldestCommitTsXid, v.NewestCommitTsXid, v.OldestActiveXid, kind)
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

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func transaction(w io.Writer, rec *wal.Record) {
	switch rec.Info & wal.XactOpMask {
	case wal.XactCommit, wal.XactAbort:
		v, err := wal.DecodeXactEnd(rec.Info, rec.Main)
		say(w, err, "%s", moment(v.Time))
		if err == nil && len(v.Subxacts) > 0 {
			fmt.Fprint(w, "; subxacts:")
			list(w, v.Subxacts)
		}
	case wal.XactAssignment:
		v, err := wal.DecodeAssignment(rec.Main)
		say(w, err, "xtop %d: subxacts:", v.Top)
		list(w, v.Subxacts)
	}
}

func standby(w io.Writer, rec *wal.Record) {
	if rec.Op() != wal.StandbyRunningXacts {
		return
	}
	v, err := wal.DecodeRunningXacts(rec.Main)
	say(w, err, "nextXid %d latestCompletedXid %d oldestRunningXid %d", v.NextXid, v.LatestCompleted, v.OldestRunning)
	if err == nil && len(v.Xids) > 0 {
		fmt.Fprintf(w, "; %d xacts:", len(v.Xids))
		list(w, v.Xids)
	}
	if err == nil && v.SubxidOverflow {
		io.WriteString(w, "; subxid ovf")
	}
}

func list(w io.Writer, xids []uint32) {
	for _, x := range xids {
		fmt.Fprintf(w, " %d", x)
	}
}
