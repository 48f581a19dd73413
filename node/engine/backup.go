package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/wal"
)

// backups are the base backups under way.
type backups struct {
	mu      sync.Mutex
	running map[*Backup]bool
}

// starts are the positions whose log the running backups need.
func (b *backups) starts() []wal.LSN {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []wal.LSN
	for backup := range b.running {
		out = append(out, backup.Start)
	}
	return out
}

// A Backup is a base backup under way.
type Backup struct {
	Start      wal.LSN // the redo point that restoring begins at
	Checkpoint wal.LSN // the checkpoint record
	Timeline   wal.TimelineID
	Label      []byte // contents of backup_label, to be put into the backup
	StartTime  time.Time

	e           *Engine
	fromStandby bool
}

// BackupResult says what the finished backup needs.
type BackupResult struct {
	Start, Stop wal.LSN        // the log that makes it consistent
	Timeline    wal.TimelineID // at Stop
	Label       []byte
}

// BeginBackup starts a base backup: a checkpoint, and full-page images until End. fast is accepted for
// PostgreSQL's sake; checkpoints are always made at once. In recovery it starts from the last
// restartpoint, and the primary must be writing full-page images.
func (e *Engine) BeginBackup(ctx context.Context, label string, fast bool) (*Backup, error) {
	if err := e.Err(); err != nil {
		return nil, err
	}
	b := &Backup{e: e, StartTime: e.o.Now(), fromStandby: e.InRecovery()}
	e.addBackup(b)
	if err := b.begin(ctx); err != nil {
		e.removeBackup(b)
		return nil, err
	}
	b.Label = recovery.Label{
		Start: b.Start, Checkpoint: b.Checkpoint, Timeline: b.Timeline, FromStandby: b.fromStandby,
		StartTime: b.StartTime, Label: label,
	}.Encode(e.segSize)
	return b, nil
}

func (b *Backup) begin(ctx context.Context) error {
	e := b.e
	if b.fromStandby && !e.replay.isConsistent() {
		return errNotReady
	}
	if !b.fromStandby {
		if _, err := e.SwitchWAL(ctx); err != nil {
			return err
		}
	}
	if err := e.lockCheckpoints(ctx); err != nil {
		return err
	}
	defer e.checkpoints.Unlock()
	if err := e.checkpoint(ctx, checkpoint.Requested); err != nil {
		return err
	}
	c := e.control.get()
	if b.fromStandby && !e.hasImages() {
		return errImageless("since last restartpoint")
	}
	e.backups.mu.Lock()
	defer e.backups.mu.Unlock()
	b.Start, b.Checkpoint, b.Timeline = c.CheckPointCopy.Redo, c.CheckPoint, c.CheckPointCopy.Timeline
	return nil
}

// End ends the backup; on return the log up to Stop is durable. It must be called once, also after a
// failure: until then log is held back.
func (b *Backup) End(ctx context.Context) (BackupResult, error) {
	e := b.e
	defer e.removeBackup(b)
	r := BackupResult{Start: b.Start, Label: b.Label}
	var err error
	if b.fromStandby {
		r.Stop, err = b.endOnStandby()
	} else {
		r.Stop, err = b.endOnPrimary(ctx)
	}
	r.Timeline = e.log.Timeline()
	return r, err
}

// endOnStandby writes no log: the backup is consistent once replay has passed what pages in it may have.
func (b *Backup) endOnStandby() (wal.LSN, error) {
	e := b.e
	if !e.InRecovery() {
		return 0, errors.New("the standby was promoted during online backup: take the backup again")
	}
	if e.replay.imagelessUpTo() > b.Start {
		return 0, errImageless("during online backup")
	}
	if err := e.raiseMinRecoveryPoint(e.replay.position()); err != nil {
		return 0, err
	}
	return max(e.control.get().MinRecoveryPoint, b.Start), nil
}

// endOnPrimary writes the BACKUP_END record and ends the segment, so that it can be archived.
func (b *Backup) endOnPrimary(ctx context.Context) (wal.LSN, error) {
	e := b.e
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.gate.RUnlock()
	var rec wal.Builder
	rec.Begin(wal.RmgrXLOG, wal.XLogBackupEnd)
	rec.AddMain(wal.BackupEnd{Start: b.Start}.Append(nil))
	if err := rec.Finish(); err != nil {
		return 0, err
	}
	_, end, err := e.log.Insert(&rec, 0)
	if err != nil {
		return 0, e.logError(err)
	}
	if _, err := e.log.SwitchSegment(); err != nil {
		return 0, e.logError(err)
	}
	return end, nil
}

func (e *Engine) addBackup(b *Backup) {
	e.backups.mu.Lock()
	defer e.backups.mu.Unlock()
	if e.backups.running == nil {
		e.backups.running = map[*Backup]bool{}
	}
	e.backups.running[b] = true
	e.insert.images.Store(true)
	e.log.SetBackupRunning(true)
}

func (e *Engine) removeBackup(b *Backup) {
	e.backups.mu.Lock()
	defer e.backups.mu.Unlock()
	delete(e.backups.running, b)
	if len(e.backups.running) == 0 {
		e.insert.images.Store(e.o.FullPageWrites)
		e.log.SetBackupRunning(false)
	}
}
