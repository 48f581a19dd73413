package engine

import (
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/wal"
)

// ErrDiverged says that the log here is not part of the history that is to be followed.
var ErrDiverged = errors.New("log has diverged")

// Follow says that the log received from now on is of the newer timeline tli. Its history is durable
// here, and the log is ready to receive it, when Follow returns; nobody may call Log().Receive
// meanwhile. ErrDiverged if the log here is not part of that history. Following the timeline that is
// followed already changes nothing.
func (e *Engine) Follow(tli wal.TimelineID, historyFile []byte) error {
	e.roles.Lock()
	defer e.roles.Unlock()
	if !e.InRecovery() {
		return errors.New("a primary follows nobody: demote it first")
	}
	now := e.History()
	if tli == now.Timeline() {
		return nil
	}
	next := wal.NewHistory(tli)
	if tli > 1 {
		var err error
		if next, err = wal.ParseHistory(tli, historyFile); err != nil {
			return err
		}
	}
	e.stopReplay() // it must not read on in the old timeline's files
	defer func() { e.startReplay(e.replay.lastRecord()) }()
	end, err := e.endOfWholeRecords()
	if err != nil {
		return err
	}
	if on := now.TLIAt(max(end, 1) - 1); !next.Covers(on, end) {
		return fmt.Errorf("follow timeline %d: the log here reaches %s on timeline %d, which that timeline does not contain: %w", tli, end, on, ErrDiverged)
	}
	if tli > 1 {
		if err := e.log.WriteHistory(tli, historyFile); err != nil {
			return err
		}
	}
	err = e.updateControl(func(f *controlfile.File) {
		f.MinRecoveryPoint = max(f.MinRecoveryPoint, e.replay.position())
		f.MinRecoveryTimeline = tli
	})
	if err != nil {
		return err
	}
	e.history.Store(&next)
	e.replay.forgetLost()
	return e.logError(e.startReceive(end))
}

// GiveUpLostRecord is for a node that is about to follow another. A primary that went on by itself would
// keep the beginning of a record that its crash has lost half-way, since it may have been shipped, and
// write behind it. Who follows receives the record from its beginning again: what is left of it may be
// damaged too. Nobody may call Log().Receive meanwhile.
func (e *Engine) GiveUpLostRecord() error {
	e.roles.Lock()
	defer e.roles.Unlock()
	lost, _ := e.replay.lostRecord()
	if lost == 0 || !e.InRecovery() {
		return nil
	}
	e.stopReplay()
	defer func() { e.startReplay(e.replay.lastRecord()) }()
	e.replay.forgetLost()
	return e.logError(e.startReceive(lost))
}

// startReceive opens the log to receive what follows end. Before a fork that is log of the old timeline:
// a segment of the new one with nothing but the head would hide it from replay.
func (e *Engine) startReceive(end wal.LSN) error {
	return e.log.StartReceive(end, e.History().TLIAt(end))
}

// endOfWholeRecords is where the last whole record ends that was received, replayed or not. What lies
// behind is the beginning of a record and will be received again.
func (e *Engine) endOfWholeRecords() (wal.LSN, error) {
	if _, err := e.log.FlushReceived(); err != nil {
		return 0, e.logError(err)
	}
	from, last := e.replay.lastRecord()
	if last == 0 {
		return e.log.FlushedLSN(), nil
	}
	src := e.log.NewSource(e.History())
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: e.segSize, SystemID: e.system})
	for r.Seek(last); ; {
		_, err := r.Next()
		switch {
		case errors.Is(err, wal.ErrNotYet), errors.Is(err, wal.ErrTornTail):
			return max(from, r.End()), nil
		case err != nil:
			return 0, err
		}
	}
}
