package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/node/txn"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// inserting is what all writes share.
type inserting struct {
	writers     sync.Pool // of *writer
	images      atomic.Bool
	compression wal.Compression
	checked     [256]bool // managers whose records carry images to compare with
}

// setUp reads the options that concern writes.
func (i *inserting) setUp(e *Engine) error {
	i.writers.New = func() any {
		w := &writer{e: e}
		w.record.SetCompression(i.compression)
		return w
	}
	i.images.Store(e.o.FullPageWrites)
	switch e.o.WALCompression {
	case "", "off":
	case "pglz", "on":
		i.compression = wal.CompressPGLZ
	case "lz4":
		i.compression = wal.CompressLZ4
	case "zstd":
		i.compression = wal.CompressZstd
	default:
		return fmt.Errorf("wal_compression is %q: want off, pglz, lz4 or zstd", e.o.WALCompression)
	}
	return i.check(e.o.Table, e.o.ConsistencyChecking)
}

// check reads wal_consistency_checking: names of managers that can mask, or "all".
func (i *inserting) check(table *rmgr.Table, names []string) error {
	known := map[string]bool{"all": true}
	for id, m := range table.All() {
		if _, masks := m.(rmgr.Masker); !masks {
			continue
		}
		name := strings.ToLower(m.Name())
		known[name] = true
		i.checked[id] = slices.ContainsFunc(names, func(n string) bool {
			return strings.EqualFold(n, name) || strings.EqualFold(n, "all")
		})
	}
	for _, n := range names {
		if !known[strings.ToLower(n)] {
			return fmt.Errorf("wal_consistency_checking: no preloaded resource manager %q that can be checked", n)
		}
	}
	return nil
}

// write applies and logs one record: do by redo. The caller holds the gate and the manager's latch.
//
//	lock pages ─► keep what they hold ─► Redo ─► mark dirty ─► insert into the log ─► stamp pages ─► unlock
//	                                       └ failed: put it back ◄─┘
//
// Of the pages of an rmgr.Keeper what is kept is what its Redo is about to change.
//
// Pages are marked dirty before the record has its place: a checkpoint whose redo point comes after
// the record must write the page, and waits for its latch.
func (e *Engine) write(rec rmgr.NewRecord) (wal.LSN, error) {
	if err := e.mayWrite(); err != nil {
		return 0, err
	}
	m, err := e.writable(rec)
	if err != nil {
		return 0, err
	}
	w := e.insert.writers.Get().(*writer)
	defer e.insert.writers.Put(w)
	return w.write(m, rec)
}

// writable refuses records that may not be written now, or at all.
func (e *Engine) writable(rec rmgr.NewRecord) (rmgr.Manager, error) {
	switch rec.Rmgr {
	case wal.RmgrXLOG, wal.RmgrTransaction, wal.RmgrStandby, wal.RmgrModules:
		return nil, fmt.Errorf("records of resource manager %d are the engine's own", rec.Rmgr)
	}
	m, ok := e.o.Table.Lookup(rec.Rmgr)
	if !ok {
		return nil, errNotLoaded(rec.Rmgr)
	}
	if rec.Info&0x0F != 0 {
		return nil, fmt.Errorf("invalid info mask %02X: its lower four bits belong to the log", rec.Info)
	}
	snapshot := e.snapshot.Load()
	if snapshot.Retiring(rec.Rmgr) {
		module, _, _ := snapshot.Owner(rec.Rmgr)
		return nil, errRetiring(module)
	}
	if rec.Rmgr.Custom() && e.format(rec.Rmgr) == 0 {
		return nil, errNotLoaded(rec.Rmgr)
	}
	if err := ownPages(rec); err != nil {
		return nil, err
	}
	return m, nil
}

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
		if page.IsNew(b.Page()) {
			return fmt.Errorf("%s left block %d (reference %d) without a page header", m.Name(), b.Tag().Block, i)
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

// Block is rmgr.RedoContext.
func (w *writer) Block(_ *wal.Record, id uint8) ([]byte, rmgr.RedoAction, error) {
	if int(id) >= len(w.pages) {
		return nil, 0, fmt.Errorf("the record has no block reference %d", id)
	}
	return w.pages[id].Page(), rmgr.NeedsRedo, nil
}

// Keep is rmgr.RedoContext.
func (w *writer) Keep(b []byte) { w.before.Keep(b) }

// Format is rmgr.RedoContext.
func (w *writer) Format() rmgr.Format { return w.format }

// Replaying is rmgr.RedoContext.
func (w *writer) Replaying() bool { return false }

// Signal is rmgr.RedoContext: who writes a record does not act on it.
func (w *writer) Signal(int, string) error { return nil }

// Log is rmgr.RedoContext.
func (w *writer) Log() *slog.Logger { return w.e.o.Log }

// poolError is pageError, and the failure of a log that could not be flushed for a page.
func (e *Engine) poolError(err error) error {
	if errors.Is(err, segment.ErrFailed) {
		return e.fail(err)
	}
	return pageError(err)
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// pageError says to a client why a page could not be had.
func pageError(err error) error {
	switch {
	case isFull(err):
		return errNoRoom(err)
	case errors.Is(err, page.ErrInvalid):
		return &rmgr.Error{Code: "XX001", Message: err.Error(), Hint: "The data file is damaged: clone this node anew from another."}
	case errors.Is(err, syscall.EIO):
		return &rmgr.Error{Code: "58030", Message: err.Error(), Hint: "The disk could not read or write the block: look at the kernel's log, and clone this node anew from another if it stays so."}
	case errors.Is(err, buffer.ErrNoBuffers):
		return &rmgr.Error{Code: "53200", Message: err.Error()}
	}
	return err
}

var _ rmgr.RedoContext = (*writer)(nil)
