package recovery

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// An Applier replays records onto pages. It is for one goroutine. Between two records it holds no latch,
// but pins a few pages until Release.
type Applier struct {
	Table  *rmgr.Table
	Pool   *buffer.Pool
	Logger *slog.Logger
	Kill   func(log *slog.Logger, sig int, reason string) error // signals this process
	Share  Share                                                // of the pages; all others are left alone

	pins    pins
	loaded  [256]loaded
	touched []touched
	before  Undo
	spare   [][]byte // pages to compare, to use again
	signals []signal
	asked   asked
	rec     *wal.Record
	format  rmgr.Format
	keeps   bool // rec's manager calls Keep itself
}

// loaded is what is known of a manager once it was needed.
type loaded struct {
	manager  rmgr.Manager
	keeps    bool
	pagewise bool
	foreseer rmgr.Foreseer // nil: it is none
}

type touched struct {
	id     uint8
	buf    *buffer.Buffer
	action rmgr.RedoAction // Done: the page is left alone
}

type signal struct {
	number int
	reason string
}

// Apply replays rec, whose format is the one in force. On an error every page is as it was, except
// that after ErrInconsistent the record is applied.
func (a *Applier) Apply(rec *wal.Record, format rmgr.Format) error {
	if err := a.apply(rec, format); err != nil {
		return &RedoError{LSN: rec.LSN, Context: Context(a.Table, rec), Err: err}
	}
	return nil
}

func (a *Applier) apply(rec *wal.Record, format rmgr.Format) error {
	l := a.lookup(rec.Rmgr)
	m := l.manager
	if m == nil {
		return &rmgr.NotRegisteredError{ID: rec.Rmgr, LSN: rec.LSN}
	}
	if a.Share.Of > 1 {
		if mine, err := a.mine(rec, l); !mine {
			return err
		}
	}
	a.rec, a.format, a.keeps, a.signals = rec, format, l.keeps, a.signals[:0]
	err := a.redo(m)
	a.finish(err == nil)
	if err != nil {
		return err
	}
	if rec.Info&wal.InfoCheckConsistency != 0 {
		if err := a.compare(m); err != nil {
			return err
		}
	}
	for _, s := range a.signals {
		if err := a.Kill(a.Log(), s.number, s.reason); err != nil {
			return fmt.Errorf("signal %d: %w", s.number, err)
		}
	}
	return nil
}

// Release lets go of the pages that are pinned. The Applier may be used again.
func (a *Applier) Release() { a.pins.release() }

func (a *Applier) lookup(id wal.RmgrID) *loaded {
	l := &a.loaded[id]
	if l.manager == nil {
		l.manager = manager(a.Table, id)
		_, l.keeps = l.manager.(rmgr.Keeper)
		_, l.pagewise = l.manager.(rmgr.Pagewise)
		l.foreseer, _ = l.manager.(rmgr.Foreseer)
	}
	return l
}

// redo calls the manager and restores the images that it did not ask for.
func (a *Applier) redo(m rmgr.Manager) error {
	if err := rmgr.Redo(m, a, a.rec); err != nil {
		return err
	}
	for i := range a.rec.Blocks {
		if ref := &a.rec.Blocks[i]; ref.Apply() {
			if _, _, err := a.Block(a.rec, ref.ID); err != nil {
				return err
			}
		}
	}
	for _, t := range a.touched {
		if t.action != rmgr.Done && page.IsNew(t.buf.Page()) && t.buf.LSN() != 0 {
			return fmt.Errorf("block %d was left without a page header", t.buf.Tag().Block)
		}
	}
	return nil
}

// finish stamps the pages, or puts them back as they were, and lets go of them.
func (a *Applier) finish(ok bool) {
	if !ok {
		a.before.PutBack()
	}
	for i := range a.touched {
		t := &a.touched[i]
		switch {
		case !ok:
			t.buf.PutBack()
		case t.action != rmgr.Done:
			page.SetLSN(t.buf.Page(), a.rec.End)
			t.buf.MarkDirty()
		}
		t.buf.Unlock()
		a.pins.put(t.buf)
	}
	a.touched = a.touched[:0]
	a.before.Forget()
}

// Block is rmgr.RedoContext.
func (a *Applier) Block(rec *wal.Record, id uint8) ([]byte, rmgr.RedoAction, error) {
	for i := range a.touched {
		if t := &a.touched[i]; t.id == id {
			return t.buf.Page(), t.action, nil
		}
	}
	for i := range a.rec.Blocks {
		if ref := &a.rec.Blocks[i]; ref.ID == id {
			if !a.has(ref) {
				return nil, rmgr.Done, nil
			}
			return a.take(ref)
		}
	}
	return nil, 0, fmt.Errorf("the record has no block reference %d", id)
}

// take locks a page and brings it to the state that redo starts from.
func (a *Applier) take(ref *wal.BlockRef) ([]byte, rmgr.RedoAction, error) {
	a.pins.pool = a.Pool
	tag := buffer.Tag{Rel: ref.Rel, Fork: ref.Fork, Block: ref.Block}
	buf, err := a.pins.take(&tag, ref.Apply() || ref.WillInit)
	if err != nil {
		if errors.Is(err, buffer.ErrNoPage) {
			err = fmt.Errorf("relation %s, fork %s has no block %d: %w", ref.Rel, ref.Fork, ref.Block, err)
		}
		return nil, 0, err
	}
	buf.Lock()
	a.touched = append(a.touched, touched{id: ref.ID, buf: buf})
	t := &a.touched[len(a.touched)-1]
	contents := buf.Page()
	switch {
	case ref.Apply():
		t.action = rmgr.Restored
		a.keepAll(contents)
		err = wal.RestoreImage(ref, contents)
	case ref.WillInit:
		t.action = rmgr.NeedsRedo
		if !a.keepAll(contents) {
			clear(contents)
		}
	case buf.LSN() >= a.rec.End:
		t.action = rmgr.Done
	default:
		t.action = rmgr.NeedsRedo
		if !a.keeps {
			a.keepAll(contents)
		}
	}
	return contents, t.action, err
}

// keepAll keeps a page as it is. One without header and LSN was never changed: it is all zeros.
func (a *Applier) keepAll(contents []byte) (zeros bool) {
	if zeros = page.IsNew(contents) && page.LSN(contents) == 0; zeros {
		a.before.KeepZeros(contents)
	} else {
		a.before.Keep(contents)
	}
	return zeros
}

// Keep is rmgr.RedoContext.
func (a *Applier) Keep(b []byte) { a.before.Keep(b) }

// copyOf is for pages to compare: give them back to spare.
func (a *Applier) copyOf(contents []byte) []byte {
	if n := len(a.spare); n > 0 {
		c := a.spare[n-1]
		a.spare = a.spare[:n-1]
		copy(c, contents)
		return c
	}
	return append([]byte(nil), contents...)
}

// Format is rmgr.RedoContext.
func (a *Applier) Format() rmgr.Format { return a.format }

// Replaying is rmgr.RedoContext.
func (a *Applier) Replaying() bool { return true }

// Signal is rmgr.RedoContext: it is sent once the record is applied.
func (a *Applier) Signal(sig int, reason string) error {
	a.signals = append(a.signals, signal{sig, reason})
	return nil
}

// Log is rmgr.RedoContext. What is said while a record is applied says of which, as in PostgreSQL.
func (a *Applier) Log() *slog.Logger {
	return a.Logger.With("context", Context(a.Table, a.rec))
}
