package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/node/txn"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// A writer makes records. It is reused, and the RedoContext of the record it is making.
type writer struct {
	e      *Engine
	record wal.Builder
	commit wal.Builder

	rec    wal.Record
	refs   []wal.BlockRef
	pages  []*buffer.Buffer
	lsns   []wal.LSN // of the pages, before the record
	before recovery.Undo
	format rmgr.Format
}

func (w *writer) write(m rmgr.Manager, rec rmgr.NewRecord) (wal.LSN, error) {
	w.begin(rec)
	defer w.release()
	_, keeps := m.(rmgr.Keeper)
	if err := w.lock(keeps); err != nil {
		return 0, err
	}
	if err := w.apply(m); err != nil {
		w.before.PutBack()
		return 0, err
	}
	if rec.Transactional {
		w.rec.Xid = w.e.xids.Assign()
	}
	end, err := w.log()
	if err != nil {
		w.before.PutBack()
		return 0, err
	}
	for _, b := range w.pages {
		page.SetLSN(b.Page(), end)
	}
	if rec.Transactional {
		return w.logCommit()
	}
	return end, nil
}

// begin makes the record that Redo sees: without a place in the log yet.
func (w *writer) begin(rec rmgr.NewRecord) {
	w.refs = w.refs[:0]
	for i, b := range rec.Blocks {
		w.refs = append(w.refs, wal.BlockRef{
			ID: uint8(i), Fork: b.Fork, Rel: b.Rel, Block: b.Block, WillInit: b.WillInit,
			Data: b.Data, HasData: len(b.Data) > 0,
		})
	}
	w.rec = wal.Record{Rmgr: rec.Rmgr, Info: rec.Info, Main: rec.Main, Blocks: w.refs}
	w.format = w.e.format(rec.Rmgr)
}

// lock brings in the pages, exclusively, with a copy of each that Redo does not keep itself.
func (w *writer) lock(keeps bool) error {
	if len(w.refs) > wal.MaxBlocks {
		return fmt.Errorf("record names %d blocks, at most %d fit", len(w.refs), wal.MaxBlocks)
	}
	for i := range w.refs {
		ref := &w.refs[i]
		tag := buffer.Tag{Rel: ref.Rel, Fork: ref.Fork, Block: ref.Block}
		if slices.ContainsFunc(w.pages, func(b *buffer.Buffer) bool { return b.Tag() == tag }) {
			return fmt.Errorf("record names block %d of relation %s twice", ref.Block, ref.Rel)
		}
		get := w.e.pool.Get
		if ref.WillInit {
			if err := w.mayLeap(ref); err != nil {
				return err
			}
			get = w.e.pool.GetNew
		}
		b, err := get(tag)
		if err != nil {
			return w.e.poolError(err)
		}
		b.Lock()
		b.PutBack() // it is marked dirty before all is certain
		w.pages = append(w.pages, b)
		w.lsns = append(w.lsns, b.LSN())
		if !keeps || ref.WillInit {
			w.before.Keep(b.Page())
		}
	}
	return nil
}

// apply lets the manager change the pages.
func (w *writer) apply(m rmgr.Manager) error {
	for i := range w.refs {
		if w.refs[i].WillInit {
			clear(w.pages[i].Page())
		}
	}
	if err := rmgr.Redo(m, w, &w.rec); err != nil {
		return err
	}
	for i, b := range w.pages {
		if err := page.CheckHeader(b.Page()); err != nil {
			return fmt.Errorf("%s left block %d (reference %d) with %w", m.Name(), b.Tag().Block, i, err)
		}
	}
	return nil
}

// log gives the record its place, with images of the pages that a torn write could ruin.
func (w *writer) log() (wal.LSN, error) {
	e := w.e
	for _, b := range w.pages {
		b.MarkDirty()
	}
	e.noting.RLock()
	defer e.noting.RUnlock()
	for {
		redo := e.log.RedoPointer()
		if err := w.build(redo); err != nil {
			return 0, err
		}
		start, end, err := e.log.Insert(&w.record, redo)
		switch {
		case errors.Is(err, segment.ErrRedoMoved):
			continue
		case err != nil:
			return 0, e.logError(err)
		}
		if w.rec.Rmgr.Custom() {
			e.census.Note(e.log.Timeline(), recovery.NeedOf(e.snapshot.Load(), w.rec.Rmgr, start), start)
		}
		e.dueAfter(redo, end)
		return end, nil
	}
}

// build makes the log's form of the record as of a redo pointer.
func (w *writer) build(redo wal.LSN) error {
	b, info := &w.record, w.rec.Info
	check := w.e.insert.checked[w.rec.Rmgr]
	if check {
		info |= wal.InfoCheckConsistency
	}
	b.Begin(w.rec.Rmgr, info)
	b.SetXid(w.rec.Xid)
	for i, ref := range w.refs {
		contents := w.pages[i].Page()
		image := !ref.WillInit && w.e.insert.images.Load() && w.lsns[i] <= redo
		switch {
		case image && !check:
			ref.Data = nil
			b.AddBlockImage(ref, contents, true)
		case image || check:
			b.AddBlockImage(ref, contents, image)
		default:
			b.AddBlock(ref)
		}
	}
	b.AddMain(w.rec.Main)
	return b.Finish()
}

// logCommit ends the record's transaction.
func (w *writer) logCommit() (wal.LSN, error) {
	if err := txn.Commit(&w.commit, w.rec.Xid, w.e.o.Now()); err != nil {
		return 0, err
	}
	_, end, err := w.e.log.Insert(&w.commit, 0)
	return end, w.e.logError(err)
}

func (w *writer) release() {
	for i, b := range w.pages {
		b.Unlock()
		b.Release()
		w.pages[i] = nil
	}
	w.pages, w.lsns = w.pages[:0], w.lsns[:0]
	w.before.Forget()
	w.rec = wal.Record{}
	clear(w.refs)
}
