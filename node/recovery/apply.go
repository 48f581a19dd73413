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

// An Applier replays records onto pages. It is for one goroutine.
type Applier struct {
	Table  *rmgr.Table
	Pool   *buffer.Pool
	Logger *slog.Logger
	Kill   func(log *slog.Logger, sig int, reason string) error // signals this process

	touched []touched
	spare   [][]byte // page copies to use again
	signals []signal
	rec     *wal.Record
	format  rmgr.Format
}

type touched struct {
	id     uint8
	buf    *buffer.Buffer
	action rmgr.RedoAction
	before []byte // nil if the page is left alone
}

type signal struct {
	number int
	reason string
}

// Apply replays rec, whose format is the one in force. On an error every page is as it was, except
// that after ErrInconsistent the record is applied.
func (a *Applier) Apply(rec *wal.Record, format rmgr.Format) (err error) {
	defer func() {
		if err != nil {
			err = &RedoError{LSN: rec.LSN, Context: Context(a.Table, rec), Err: err}
		}
	}()
	m := manager(a.Table, rec.Rmgr)
	if m == nil {
		return &rmgr.NotRegisteredError{ID: rec.Rmgr, LSN: rec.LSN}
	}
	a.rec, a.format, a.signals = rec, format, a.signals[:0]
	err = a.redo(m)
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
		if t.before != nil && page.IsNew(t.buf.Page()) && t.buf.LSN() != 0 {
			return fmt.Errorf("block %d was left without a page header", t.buf.Tag().Block)
		}
	}
	return nil
}

// finish stamps the pages, or puts them back as they were, and lets go of them.
func (a *Applier) finish(ok bool) {
	for i := range a.touched {
		t := &a.touched[i]
		if t.before != nil {
			if ok {
				page.SetLSN(t.buf.Page(), a.rec.End)
				t.buf.MarkDirty()
			} else {
				copy(t.buf.Page(), t.before)
			}
			a.spare = append(a.spare, t.before)
		}
		t.buf.Unlock()
		t.buf.Release()
		*t = touched{}
	}
	a.touched = a.touched[:0]
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
			return a.take(ref)
		}
	}
	return nil, 0, fmt.Errorf("the record has no block reference %d", id)
}

// take locks a page and brings it to the state that redo starts from.
func (a *Applier) take(ref *wal.BlockRef) ([]byte, rmgr.RedoAction, error) {
	tag := buffer.Tag{Rel: ref.Rel, Fork: ref.Fork, Block: ref.Block}
	get := a.Pool.Get
	if ref.Apply() || ref.WillInit {
		get = a.Pool.GetNew
	}
	buf, err := get(tag)
	if err != nil {
		if errors.Is(err, buffer.ErrNoPage) {
			err = fmt.Errorf("relation %s, fork %s has no block %d: %w", ref.Rel, ref.Fork, ref.Block, err)
		}
		return nil, 0, err
	}
	buf.Lock()
	a.touched = append(a.touched, touched{id: ref.ID, buf: buf})
	t := &a.touched[len(a.touched)-1]
	switch {
	case ref.Apply():
		t.before, t.action = a.copyOf(buf.Page()), rmgr.Restored
		err = wal.RestoreImage(ref, buf.Page())
	case ref.WillInit:
		t.before, t.action = a.copyOf(buf.Page()), rmgr.NeedsRedo
		clear(buf.Page())
	case buf.LSN() >= a.rec.End:
		t.action = rmgr.Done
	default:
		t.before, t.action = a.copyOf(buf.Page()), rmgr.NeedsRedo
	}
	return buf.Page(), t.action, err
}

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
