package recovery

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// The managers whose records are about the node's own state. Their Redo restores images and no more;
// the engine's replay acts on the rest.
type (
	xlog        struct{}
	transaction struct{}
	standby     struct{}
)

func (xlog) Name() string        { return "XLOG" }
func (transaction) Name() string { return "Transaction" }
func (standby) Name() string     { return "Standby" }

func (xlog) Identify(info uint8) string {
	return map[uint8]string{
		wal.XLogCheckpointShutdown: "CHECKPOINT_SHUTDOWN", wal.XLogCheckpointOnline: "CHECKPOINT_ONLINE",
		wal.XLogNoop: "NOOP", wal.XLogNextOID: "NEXTOID", wal.XLogSwitch: "SWITCH",
		wal.XLogBackupEnd: "BACKUP_END", wal.XLogParameterChange: "PARAMETER_CHANGE",
		wal.XLogRestorePoint: "RESTORE_POINT", wal.XLogFPWChange: "FPW_CHANGE",
		wal.XLogEndOfRecovery: "END_OF_RECOVERY", wal.XLogFPIForHint: "FPI_FOR_HINT", wal.XLogFPI: "FPI",
		wal.XLogOverwriteContRecord: "OVERWRITE_CONTRECORD", wal.XLogCheckpointRedo: "CHECKPOINT_REDO",
	}[info&0xF0]
}

func (transaction) Identify(info uint8) string {
	return map[uint8]string{
		wal.XactCommit: "COMMIT", wal.XactPrepare: "PREPARE", wal.XactAbort: "ABORT",
		wal.XactCommitPrepared: "COMMIT_PREPARED", wal.XactAbortPrepared: "ABORT_PREPARED",
		wal.XactAssignment: "ASSIGNMENT", wal.XactInvalidations: "INVALIDATION",
	}[info&wal.XactOpMask]
}

func (standby) Identify(info uint8) string {
	return map[uint8]string{
		wal.StandbyLock: "LOCK", wal.StandbyRunningXacts: "RUNNING_XACTS", wal.StandbyInvalidations: "INVALIDATIONS",
	}[info&0xF0]
}

// Redo restores the images of FPI records (the Applier does it for every block that Redo leaves out).
func (m xlog) Redo(_ rmgr.RedoContext, rec *wal.Record) error        { return known(m, rec) }
func (m transaction) Redo(_ rmgr.RedoContext, rec *wal.Record) error { return known(m, rec) }
func (m standby) Redo(_ rmgr.RedoContext, rec *wal.Record) error     { return known(m, rec) }

func known(m rmgr.Manager, rec *wal.Record) error {
	if m.Identify(rec.Info) == "" {
		return fmt.Errorf("%s has no operation %02X", m.Name(), rec.Op())
	}
	return nil
}
