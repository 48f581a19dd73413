package rmgrtest

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// An Engine is a primary in memory, for one goroutine. It is the [rmgr.Session] of its functions.
type Engine struct {
	Pages   Pages
	Log     []Entry
	Signals []Signal // asked for while a record was written: there should be none

	// Images makes the first change of each page after a Checkpoint carry the page's image.
	Images bool

	// Retiring refuses new records of these managers.
	Retiring map[wal.RmgrID]bool

	table   *rmgr.Table
	formats map[wal.RmgrID]rmgr.Format
	imaged  map[PageKey]bool
	last    wal.LSN
	next    wal.LSN
	xid     uint32
	calling *rmgr.Function // nil: none
	looking bool           // a function looks at a page
	shown   []byte         // what it sees, to use again
}

var _ rmgr.Session = (*Engine)(nil)

// NewEngine is an empty instance that has loaded the modules, each in the highest format it writes.
// It panics if the table refuses one. Managers with built-in IDs are registered as built in.
func NewEngine(modules ...rmgr.Module) *Engine {
	e := &Engine{
		Pages: Pages{}, Retiring: map[wal.RmgrID]bool{}, table: rmgr.NewTable(), formats: map[wal.RmgrID]rmgr.Format{},
		imaged: map[PageKey]bool{}, next: 0x1000028, xid: 3,
	}
	var offered []rmgr.Module
	var names []string
	for _, m := range modules {
		for _, r := range m.Managers {
			e.formats[r.ID] = r.Writes.Max
		}
		if len(m.Managers) == 1 && !m.Managers[0].ID.Custom() {
			must(e.table.RegisterBuiltin(m.Managers[0].ID, m.Managers[0].Manager, m.Functions...))
			continue
		}
		offered, names = append(offered, m), append(names, m.Name)
	}
	must(e.table.Load(offered, names))
	e.table.Seal()
	return e
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("rmgrtest: %v", err))
	}
}

// Table is what the engine has loaded.
func (e *Engine) Table() *rmgr.Table { return e.table }

// SetFormat puts a record format in force.
func (e *Engine) SetFormat(id wal.RmgrID, f rmgr.Format) { e.formats[id] = f }

// Checkpoint lets the next change of each page carry an image again.
func (e *Engine) Checkpoint() { clear(e.imaged) }

// Call calls a function as a statement does, with int as well as int64, and returns its rows.
func (e *Engine) Call(name string, args ...any) ([][]any, error) {
	f, ok := e.table.Function(name)
	if !ok {
		return nil, &rmgr.Error{Code: "42883", Message: fmt.Sprintf("function %s does not exist", name)}
	}
	args, ok = f.Complete(args)
	if !ok {
		return nil, &rmgr.Error{Code: "42883", Message: fmt.Sprintf("function %s does not take %d arguments", name, len(args))}
	}
	for i := range args {
		if n, ok := args[i].(int); ok {
			args[i] = int64(n)
		}
		if args[i] == nil && f.Strict {
			return [][]any{{nil}}, nil
		}
	}
	var rows [][]any
	e.calling = &f
	defer func() { e.calling, e.looking = nil, false }()
	err := f.Call(context.Background(), e, args, func(row ...any) error {
		if wrong := f.CheckRow(row); wrong != "" {
			return fmt.Errorf("rmgrtest: %s: %s", name, wrong)
		}
		rows = append(rows, slices.Clone(row))
		return nil
	})
	return rows, err
}

// Scalar calls a function that gives one value.
func (e *Engine) Scalar(name string, args ...any) (any, error) {
	rows, err := e.Call(name, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 || len(rows[0]) != 1 {
		return nil, fmt.Errorf("rmgrtest: %s gave %d rows where one value was expected", name, len(rows))
	}
	return rows[0][0], nil
}

// Blocks implements rmgr.Session.
func (e *Engine) Blocks(rel wal.RelFileLocator, fork wal.ForkNumber) (uint32, error) {
	return e.Pages.blocks(rel, fork), nil
}

// Format implements rmgr.Session.
func (e *Engine) Format(id wal.RmgrID) rmgr.Format { return e.formats[id] }

// Emit implements rmgr.Session: do by redo.
func (e *Engine) Emit(in rmgr.NewRecord) (wal.LSN, error) {
	if err := e.mayEmit(in.Rmgr); err != nil {
		return 0, err
	}
	m, ok := e.table.Lookup(in.Rmgr)
	switch {
	case !ok:
		return 0, &rmgr.Error{Code: "55000", Message: fmt.Sprintf("resource manager with ID %d not registered", in.Rmgr)}
	case e.Retiring[in.Rmgr]:
		return 0, &rmgr.Error{Code: "55000", Message: fmt.Sprintf("resource manager %q is retiring", m.Name())}
	}
	if err := wellFormed(in); err != nil {
		return 0, err
	}
	rec := e.record(in)
	ctx := &redoContext{pages: e.Pages, format: e.formats[in.Rmgr], signals: &e.Signals}
	unplaced := rec // Redo sees it before it has its place, as on a node
	unplaced.LSN, unplaced.End, unplaced.Prev, unplaced.Total, unplaced.Xid = 0, 0, 0, 0, 0
	if err := e.Pages.redo(m, ctx, &unplaced, rec.End); err != nil {
		return 0, err
	}
	for i := range rec.Blocks {
		b := &rec.Blocks[i]
		key := PageKey{b.Rel, b.Fork, b.Block}
		if e.Images && !b.WillInit && !e.imaged[key] {
			b.Image, b.ImageInfo = bytes.Clone(e.Pages[key]), wal.ImageApply
			b.Data, b.HasData = nil, false
		}
		e.imaged[key] = true
	}
	e.last, e.next = rec.LSN, rec.End
	if in.Transactional {
		e.xid++
	}
	e.Log = append(e.Log, Entry{Record: rec, Format: e.formats[in.Rmgr]})
	return rec.End, nil
}

// wellFormed refuses what the contract of NewRecord forbids.
func wellFormed(in rmgr.NewRecord) error {
	if in.Info&0x0F != 0 {
		return fmt.Errorf("rmgrtest: info %02X has flags in its lower four bits", in.Info)
	}
	if len(in.Main) == 0 && len(in.Blocks) == 0 {
		return fmt.Errorf("rmgrtest: the record is empty")
	}
	if len(in.Blocks) > wal.MaxBlocks {
		return fmt.Errorf("rmgrtest: the record names %d blocks, at most %d fit", len(in.Blocks), wal.MaxBlocks)
	}
	named := map[PageKey]bool{}
	for _, b := range in.Blocks {
		key := PageKey{b.Rel, b.Fork, b.Block}
		if named[key] {
			return fmt.Errorf("rmgrtest: the record names block %d of relation %s twice", b.Block, b.Rel)
		}
		named[key] = true
	}
	for i := 1; i < len(in.Blocks); i++ {
		a, b := in.Blocks[i-1], in.Blocks[i]
		if a.Rel == b.Rel && a.Fork == b.Fork && a.Block >= b.Block {
			return fmt.Errorf("rmgrtest: blocks %d and %d do not ascend", a.Block, b.Block)
		}
	}
	for _, b := range in.Blocks {
		if in.Rmgr.Custom() && !rmgr.Owns(in.Rmgr, b.Rel) {
			return fmt.Errorf("rmgrtest: a record of resource manager %d names relation %s, which is not its own: see rmgr.Rel", in.Rmgr, b.Rel)
		}
		if len(b.Data) > 65535 {
			return fmt.Errorf("rmgrtest: block data of %d bytes", len(b.Data))
		}
	}
	return nil
}

func (e *Engine) record(in rmgr.NewRecord) wal.Record {
	size := 24 + 5 + len(in.Main)
	rec := wal.Record{LSN: e.next, Prev: e.last, Rmgr: in.Rmgr, Info: in.Info, Main: bytes.Clone(in.Main)}
	if in.Transactional {
		rec.Xid = e.xid
	}
	for i, b := range in.Blocks {
		rec.Blocks = append(rec.Blocks, wal.BlockRef{ID: uint8(i), Fork: b.Fork, Rel: b.Rel, Block: b.Block, WillInit: b.WillInit,
			Data: bytes.Clone(b.Data), HasData: len(b.Data) > 0})
		size += 20 + len(b.Data)
	}
	rec.Total = uint32(size)
	rec.End = (e.next + wal.LSN(size) + 7) &^ 7
	return rec
}

// Replay applies the engine's log from record number from on to pages.
func (e *Engine) Replay(pages Pages, from int) error {
	for i := from; i < len(e.Log); i++ {
		m, _ := e.table.Lookup(e.Log[i].Record.Rmgr)
		if err := pages.Apply(m, e.Log[i], nil); err != nil {
			return fmt.Errorf("record %d, %s at %s: %w", i, m.Identify(e.Log[i].Record.Info), e.Log[i].Record.LSN, err)
		}
	}
	return nil
}

// Differ names a page in which two sets of pages differ once each manager has masked its own; ok is
// false if there is none. The managers' pages are told apart by rmgr.Rel's numbers.
func (e *Engine) Differ(a, b Pages) (key PageKey, ok bool) {
	for _, side := range []Pages{a, b} {
		for key := range side {
			if !bytes.Equal(e.masked(a, key), e.masked(b, key)) {
				return key, true
			}
		}
	}
	return PageKey{}, false
}

func (e *Engine) masked(p Pages, key PageKey) []byte {
	b := bytes.Clone(p[key])
	if len(b) != page.Size {
		return b
	}
	if id, ok := rmgr.Owner(key.Rel); ok {
		m, _ := e.table.Lookup(id)
		if masker, ok := m.(rmgr.Masker); ok {
			masker.Mask(b, key.Block)
			return b
		}
	}
	rmgr.MaskPage(b)
	return b
}
