package engine

import (
	"context"
	"sync"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/wal"
)

// replayState is how far replay is, for everyone.
type replayState struct {
	changed notice

	mu         sync.Mutex
	lsn        wal.LSN // end of the record replayed last
	last       wal.LSN // its start; 0 if none was
	tli        wal.TimelineID
	read       wal.LSN // end of the last whole record here, replayed or not
	idle       wal.LSN // the flushed position at which the replayer found nothing more
	pause      *control.ReplayPause
	consistent bool
	point      *restartpoint // the last checkpoint record replayed from whose redo point recovery can begin
	formatless *restartpoint // a shutdown's checkpoint whose MODULES record is the next to come; nil: there is none
	images     bool          // full_page_writes, as the log or pg_control said last
	imageless  wal.LSN       // end of the last record that says it is off
	started    bool          // the managers' Startup was called
	startErr   error         // what they said

	consistentAt wal.LSN
	backupStart  wal.LSN // a BACKUP_END for it must come first; 0: not needed
	restedAt     wal.LSN // where this node's own log ended when it was demoted; 0: it was not

	// A record that a crash of this primary has lost half-way, and where its continuation is missing.
	lost, resume wal.LSN

	cancel context.CancelFunc // ends the replayer
	done   chan struct{}      // closed when it has ended
}

// A restartpoint is a replayed checkpoint record: where a standby's own checkpoint can begin.
type restartpoint struct {
	at, end    wal.LSN
	checkpoint wal.Checkpoint
}

// begin sets the state to a start's redo point.
func (r *replayState) begin(s *start) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lsn, r.read, r.tli = s.redo, s.end.LSN, s.file.CheckPointCopy.Timeline
	r.images = s.file.CheckPointCopy.FullPageWrites
	if s.label != nil {
		r.tli = s.label.Timeline
	}
	r.consistentAt = max(s.end.LSN, s.file.MinRecoveryPoint)
	switch f := s.file; {
	case s.label != nil && !s.label.FromStandby:
		r.backupStart = s.label.Start
	case s.label == nil && f.BackupEndRequired:
		r.backupStart = f.BackupStart
	}
	if s.label == nil {
		r.consistentAt = max(r.consistentAt, s.file.BackupEnd)
	}
}

func (r *replayState) position() wal.LSN {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lsn
}

func (r *replayState) timeline() wal.TimelineID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tli
}

func (r *replayState) paused() *control.ReplayPause {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pause
}

func (r *replayState) isConsistent() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.consistent
}

func (r *replayState) latestPoint() *restartpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.point
}

// nextStop is the nearest position that somebody waits for: when replay has passed it, it is time to
// advance.
func (r *replayState) nextStop() wal.LSN { return r.changed.next() }

// advance says that the record from lsn to end was replayed, and all before. It reports whether replay
// has become consistent by it.
func (r *replayState) advance(lsn, end wal.LSN) (consistent bool) {
	r.mu.Lock()
	r.lsn, r.last, r.read = end, lsn, max(r.read, end)
	consistent = !r.consistent && r.backupStart == 0 && end >= r.consistentAt
	r.consistent = r.consistent || consistent
	r.mu.Unlock()
	r.changed.reached(end)
	return consistent
}

// backupEnded says that the BACKUP_END record of a backup that began at start was replayed.
func (r *replayState) backupEnded(start wal.LSN) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.backupStart == start {
		r.backupStart = 0
	}
}

// sawRecord says that a whole record ends at end, though it is not replayed.
func (r *replayState) sawRecord(end wal.LSN) {
	r.mu.Lock()
	r.read = max(r.read, end)
	r.mu.Unlock()
}

// lastRecord is the end and the start of the record replayed last; the start is 0 if none was.
func (r *replayState) lastRecord() (end, last wal.LSN) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lsn, r.last
}

func (r *replayState) readUpTo() wal.LSN {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.read
}

func (r *replayState) lostRecord() (lost, resume wal.LSN) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost, r.resume
}

func (r *replayState) forgetLost() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost, r.resume = 0, 0
}

func (r *replayState) setTimeline(tli wal.TimelineID) {
	r.mu.Lock()
	r.tli = tli
	r.mu.Unlock()
}

func (r *replayState) setPoint(p *restartpoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.formatless = nil; p.at == p.checkpoint.Redo {
		r.formatless = p
	} else {
		r.point = p
	}
	r.setImages(p.checkpoint.FullPageWrites, p.end)
}

// imagesSwitched says that the record that ends at end was replayed, which says what full_page_writes is.
func (r *replayState) imagesSwitched(on bool, end wal.LSN) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.setImages(on, end)
}

func (r *replayState) setImages(on bool, end wal.LSN) {
	if r.images = on; !on {
		r.imageless = end
	}
}

// hadImages reports whether the log has full-page images where replay is.
func (r *replayState) hadImages() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.images
}

// modulesCame says that a MODULES record was replayed, which follows the record at prev and ends at end.
func (r *replayState) modulesCame(prev, end wal.LSN) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.formatless; p != nil && p.at == prev {
		r.point = &restartpoint{at: p.at, end: end, checkpoint: p.checkpoint}
	}
	r.formatless = nil
}

// imagelessUpTo is where log without images was replayed last, 0 if there was none.
func (r *replayState) imagelessUpTo() wal.LSN {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.imageless
}

func (r *replayState) idleAt() wal.LSN {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.idle
}

// rest says that a primary's log ended with the record at last: recovery goes on from there.
func (r *replayState) rest(last, end wal.LSN, tli wal.TimelineID, images bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lsn, r.last, r.read, r.tli, r.restedAt = end, last, end, tli, end
	r.consistent, r.point, r.formatless, r.pause = true, nil, nil, nil
	r.images = images
}

// rests reports whether nothing was replayed since a demotion.
func (r *replayState) rests() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.restedAt != 0 && r.lsn == r.restedAt
}

func (r *replayState) isIdle(at wal.LSN) {
	r.mu.Lock()
	r.idle = at
	r.mu.Unlock()
	r.changed.signal()
}

func (r *replayState) stopAt(p *control.ReplayPause) {
	r.mu.Lock()
	r.pause = p
	r.mu.Unlock()
	r.changed.signal()
}

// reachedConsistency notes in pg_control that a base backup's end is behind us.
func (e *Engine) reachedConsistency(lsn wal.LSN) error {
	e.o.Log.Info("consistent recovery state reached", "lsn", lsn)
	return e.updateControl(func(f *controlfile.File) {
		f.BackupStart, f.BackupEnd, f.BackupEndRequired = 0, 0, false
		f.MinRecoveryPoint = max(f.MinRecoveryPoint, lsn)
	})
}
