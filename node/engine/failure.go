package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// suspectName is the mark of a failed fsync: a file of its own, because the directory that holds it is
// not the one whose disk block failed.
const suspectName = "suspect"

// A suspicion is the mark's contents.
type suspicion struct {
	At      time.Time `json:"at"`
	Error   string    `json:"error"`
	Durable wal.LSN   `json:"durableLSN"` // the log up to here had been flushed before
}

func (s suspicion) String() string {
	return fmt.Sprintf("%s (at %s; the log is certain up to %s)", s.Error, s.At.UTC().Format(time.RFC3339), s.Durable)
}

// failure is the end of an engine that may not go on.
type failure struct {
	failed  chan struct{} // closed when the mark is on the disk, or could not be written
	mu      sync.Mutex
	err     error // set before
	suspect *suspicion
}

// Failed is closed when the engine must stop; Err says why.
func (e *Engine) Failed() <-chan struct{} { return e.failure.failed }

// Err is why the engine failed, nil while it works.
func (e *Engine) Err() error {
	e.failure.mu.Lock()
	defer e.failure.mu.Unlock()
	return e.failure.err
}

// Suspect is the text of the durable mark of a failed fsync, "" if there is none. A suspect node must
// not vote or be promoted.
func (e *Engine) Suspect() string {
	e.failure.mu.Lock()
	defer e.failure.mu.Unlock()
	if e.failure.suspect == nil {
		return ""
	}
	return e.failure.suspect.String()
}

// fail ends the engine because what a disk holds is not known any more, leaves the mark, and returns
// the error that everyone gets from now on. What the mark calls certain grows no more once it is
// written: the next start cuts off what lies behind, acknowledged or not. There is no doubt and no mark if
// a file could only not be opened.
func (e *Engine) fail(cause error) error {
	if vfs.NoDescriptors(cause) {
		return e.stop(cause)
	}
	if !e.failure.begin(cause) {
		return e.Err()
	}
	s := &suspicion{At: e.o.Now(), Error: cause.Error(), Durable: e.log.Fail(cause)}
	e.failure.mu.Lock()
	e.failure.suspect = s
	e.failure.mu.Unlock()
	if err := e.mark(*s); err != nil {
		e.o.Log.Error("the mark of a failed disk could not be written", "reason", err)
	}
	close(e.failure.failed)
	return e.Err()
}

// halt ends the engine because it cannot go on, as when the log is damaged. If the cause is a failed
// write or fsync the mark is left.
func (e *Engine) halt(cause error) error {
	if errors.Is(cause, segment.ErrFailed) {
		return e.fail(cause)
	}
	return e.stop(cause)
}

func (e *Engine) stop(cause error) error {
	if e.failure.begin(cause) {
		close(e.failure.failed)
	}
	return e.Err()
}

// begin makes cause what Err says; false if something else was sooner.
func (f *failure) begin(cause error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return false
	}
	f.err = fmt.Errorf("the node has to stop: %w", cause)
	return true
}

func (e *Engine) mark(s suspicion) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return vfs.WriteFile(e.o.FS, e.path(suspectName), b, 0o600)
}

// ClearSuspect takes the mark away. Open has cut off the log that was in doubt, and replay from the
// redo point with full-page images has made every page anew that was being written; it is refused if
// the log had no images. The caller has made sure that the disk is sound.
func (e *Engine) ClearSuspect(ctx context.Context) error {
	if err := e.lockCheckpoints(ctx); err != nil {
		return err
	}
	defer e.checkpoints.Unlock()
	switch {
	case e.Err() != nil:
		return e.Err()
	case e.Suspect() == "":
		return nil
	case !e.hasImages():
		return errors.New("pages may have been lost, and the log has no images of them: clone this node anew")
	}
	if err := (&checkpointRun{e: e}).flushPages(ctx); err != nil {
		return err
	}
	if err := e.o.FS.Remove(e.path(suspectName)); err != nil {
		return err
	}
	if err := e.o.FS.SyncDir(e.o.Dir); err != nil {
		return e.fail(err)
	}
	e.failure.mu.Lock()
	defer e.failure.mu.Unlock()
	e.failure.suspect = nil
	return nil
}

// hasImages reports whether all log that recovery would replay has full-page images.
func (e *Engine) hasImages() bool {
	c := e.control.get().CheckPointCopy
	return c.FullPageWrites && e.replay.imagelessUpTo() <= c.Redo
}

// readMark returns the mark that an earlier run left, nil if none.
func readMark(fsys vfs.FS, name string) (*suspicion, error) {
	ok, err := vfs.Exists(fsys, name)
	if err != nil || !ok {
		return nil, err
	}
	b, err := vfs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	var s suspicion
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &s, nil
}

// testimony is how often the witness is told of durable log at most. To wake it at every flush costs a
// lone client a tenth of its rate, and its file is not synced: a power cut may lose more than this.
const testimony = 10 * time.Millisecond

// watch notices a failed log, notes how far it is durable, and keeps the census of finished segments.
func (e *Engine) watch(w *witness) {
	defer w.file.Close()
	var saved wal.LSN
	next := time.NewTimer(testimony)
	defer next.Stop()
	for {
		changed := e.log.Changed()
		if err := e.log.Err(); err != nil {
			if !errors.Is(err, segment.ErrClosed) {
				e.fail(err)
			}
			return
		}
		e.testify(w)
		if at := e.segmentStart(e.log.FlushedLSN()); at != saved {
			saved = at
			e.saveCensus(at)
		}
		next.Reset(testimony)
		select {
		case <-next.C:
		case <-e.log.Ended():
		case <-e.ctx.Done():
			return
		}
		select {
		case <-changed:
		case <-e.ctx.Done():
			return
		}
	}
}

// saveCensus keeps the tallies of the segments before at, but for those that replay has not read to their
// end. A record is noted right after it was inserted; who is between the two is waited for.
func (e *Engine) saveCensus(at wal.LSN) {
	e.censusReached()
	e.noting.Lock()
	e.noting.Unlock() //lint:ignore SA2001 passing through the lock is the wait
	if err := e.census.Save(at); err != nil {
		e.o.Log.Warn("the census of a segment could not be kept", "reason", err)
	}
}

func (e *Engine) segmentStart(lsn wal.LSN) wal.LSN { return lsn &^ wal.LSN(e.segSize-1) }
