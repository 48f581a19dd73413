package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
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
