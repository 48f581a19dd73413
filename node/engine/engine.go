package engine

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

var errNotYet = errors.New("not yet")

// An Engine is one node's data directory in use. Its methods may be called concurrently.
type Engine struct{ o Options }

// Positions say how far the engine is.
type Positions struct {
	Timeline       wal.TimelineID // of the log written, received or replayed last
	Insert         wal.LSN        // end of the last record inserted or byte received
	Write          wal.LSN        // handed to the operating system
	Flush          wal.LSN        // durable
	Replay         wal.LSN        // applied to pages; on a primary the same as Insert
	Redo           wal.LSN        // where crash recovery would begin
	Oldest         wal.LSN        // start of the oldest segment
	LastCheckpoint wal.LSN        // start of the record of the last checkpoint or restartpoint
	Consistent     bool           // recovery has reached the point from which pages agree with each other
}

// Init makes dir a new cluster's data directory, durably: its log begins with a shutdown checkpoint on
// timeline 1 and the MODULES record. It refuses a directory that is not empty.
func Init(fs vfs.FS, dir string, o InitOptions) error { return errNotYet }

// Open takes the directory into use, replays the log that is there and goes on replaying what is
// received. Nothing on disk has changed if it fails because a record cannot be replayed
// (*modules.Problem or *rmgr.NotRegisteredError) or the log is damaged (wal.ErrCorrupt).
func Open(ctx context.Context, o Options) (*Engine, error) { return nil, errNotYet }

// Promote ends recovery and opens the engine for writes, once it has replayed all log that is here.
// tli equal to the log's own timeline resumes it; a higher one begins a new timeline. On return the
// first record on it is durable. Nobody may call Log().Receive any more.
func (e *Engine) Promote(ctx context.Context, tli wal.TimelineID, reason string) error {
	return errNotYet
}

// Demote ends a primary with a shutdown checkpoint and returns to recovery. On return the log has
// ended and is durable; Log().Receive goes on from there.
func (e *Engine) Demote(ctx context.Context) error { return errNotYet }

// Close ends with a shutdown checkpoint (primary) or a restartpoint (standby).
func (e *Engine) Close(ctx context.Context) error { return errNotYet }

// Abort stops at once and writes nothing more; the next Open recovers.
func (e *Engine) Abort() {}

// InRecovery reports whether the engine is read-only.
func (e *Engine) InRecovery() bool { return true }

// Positions says how far the engine is.
func (e *Engine) Positions() Positions { return Positions{} }

// Log is the log.
func (e *Engine) Log() *segment.Log { return nil }

// History is the ancestry of the timeline that the engine writes or follows.
func (e *Engine) History() wal.History { return nil }

// Follow says that the log received from now on is of another, newer timeline's history: its file is
// durable in pg_wal before Follow returns. It is refused if what is here is not part of that history.
func (e *Engine) Follow(tli wal.TimelineID, historyFile []byte) error { return errNotYet }

// SystemID is the cluster's identifier.
func (e *Engine) SystemID() uint64 { return 0 }

// SegmentSize is the size of a log segment, in bytes.
func (e *Engine) SegmentSize() uint32 { return 0 }

// ReplayChanged is closed when Positions().Replay advances next, or replay pauses or fails.
func (e *Engine) ReplayChanged() <-chan struct{} { return nil }

// ReplayPause says why replay does not go on although there is log; nil if it does.
func (e *Engine) ReplayPause() *control.ReplayPause { return nil }

// Call runs a module's function. Calls that write with the same manager run one after another; calls
// that read its pages beside each other, never beside a write or its replay. end is the end of the last record
// that the call wrote, 0 if none; nothing is durable yet: see Log().Flush.
func (e *Engine) Call(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) (end wal.LSN, err error) {
	return 0, errNotYet
}

// Emit applies and logs one record. Not durable: see Log().Flush.
func (e *Engine) Emit(ctx context.Context, rec rmgr.NewRecord) (wal.LSN, error) { return 0, errNotYet }

// Checkpoint makes a checkpoint (in recovery: a restartpoint) and returns when it is durable.
func (e *Engine) Checkpoint(ctx context.Context) error { return errNotYet }

// SwitchWAL ends the log segment; it returns the end of the switch record, which is durable.
func (e *Engine) SwitchWAL(ctx context.Context) (wal.LSN, error) { return 0, errNotYet }

// Modules is the MODULES snapshot in force at the replay or insert position.
func (e *Engine) Modules() modules.Snapshot { return modules.Snapshot{} }

// SetFormat raises the format in force of a manager; logged and durable on return.
func (e *Engine) SetFormat(ctx context.Context, id wal.RmgrID, f rmgr.Format) error { return errNotYet }

// SetRetiring switches a module's retiring state; logged and durable on return.
func (e *Engine) SetRetiring(ctx context.Context, module string, retiring bool) error {
	return errNotYet
}

// Census says which records this directory's log and slots may still need.
func (e *Engine) Census(ctx context.Context) (control.Census, error) {
	return control.Census{}, errNotYet
}

// CensusEpoch changes when the census gained or lost an entry.
func (e *Engine) CensusEpoch() uint64 { return 0 }

// A Backup is a base backup under way.
type Backup struct {
	Start      wal.LSN // the redo point that restoring begins at
	Checkpoint wal.LSN // the checkpoint record
	Timeline   wal.TimelineID
	Label      []byte // contents of backup_label, to be put into the backup
	StartTime  time.Time
}

// BackupResult says what the finished backup needs.
type BackupResult struct {
	Start, Stop wal.LSN // the log that makes it consistent
	Timeline    wal.TimelineID
	Label       []byte
}

// BeginBackup starts a base backup: a checkpoint, and full-page images until End. fast is accepted for
// PostgreSQL's sake; checkpoints are always made at once. In recovery it starts from the last restartpoint.
func (e *Engine) BeginBackup(ctx context.Context, label string, fast bool) (*Backup, error) {
	return nil, errNotYet
}

// End ends the backup; on return the log up to Stop is durable. It must be called once, also after a failure.
func (b *Backup) End(ctx context.Context) (BackupResult, error) { return BackupResult{}, errNotYet }

// DataFiles calls fn for each file that a base backup copies, pg_control last; paths are relative to
// the directory. Directories come as path with a trailing slash, size 0 and a nil open.
func (e *Engine) DataFiles(ctx context.Context, fn func(path string, size int64, open func() (io.ReadCloser, error)) error) error {
	return errNotYet
}

// Failed is closed when the engine must stop; Err says why.
func (e *Engine) Failed() <-chan struct{} { return nil }

// Err is why the engine failed, nil while it works.
func (e *Engine) Err() error { return nil }

// Suspect is the text of the durable mark of a failed fsync, "" if there is none.
func (e *Engine) Suspect() string { return "" }
