package buffer

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/redoubt-wal/redoubt/node/latch"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// ErrNoPage says that a relation does not have the page.
var ErrNoPage = errors.New("page does not exist")

// ErrNoBuffers says that every buffer is pinned.
var ErrNoBuffers = errors.New("no unpinned buffers available: raise shared_buffers")

// Store is where pages come from and go to. All methods may be called concurrently.
type Store interface {
	// Read fills page, after checking its checksum.
	Read(rel wal.RelFileLocator, fork wal.ForkNumber, block uint32, page []byte) error
	// Write sets the checksum in page and writes it. It is durable after the store's Sync.
	Write(rel wal.RelFileLocator, fork wal.ForkNumber, block uint32, page []byte) error
	// Extend makes the relation at least blocks pages long, with zeros; it takes the room on disk.
	Extend(rel wal.RelFileLocator, fork wal.ForkNumber, blocks uint32) error
	// Blocks is the relation's length.
	Blocks(rel wal.RelFileLocator, fork wal.ForkNumber) (uint32, error)
}

// Options of a pool.
type Options struct {
	Pages int // size of the pool; at least MinPages
	Store Store

	// BeforeWrite is called before a page with this LSN is written.
	BeforeWrite func(lsn wal.LSN) error
}

// MinPages is the smallest pool: a few calls with the largest record each must fit.
const MinPages = 128

// A Tag names a page.
type Tag struct {
	Rel   wal.RelFileLocator
	Block uint32
	Fork  wal.ForkNumber
}

// A Pool holds pages. Any number of goroutines may use it.
type Pool struct {
	store       Store
	beforeWrite func(lsn wal.LSN) error

	mu      sync.Mutex // guards all below and the fields of Buffer that say so; never held over I/O
	byTag   table
	buffers []Buffer
	memory  memory
	hand    int
	stats   Stats
}

// Stats counts since the pool was made.
type Stats struct{ Hits, Reads, Writes, Evictions int64 }

// A Buffer is a pinned page.
type Buffer struct {
	latch.Latch // of the page's contents

	pins  atomic.Int32 // grows under pool.mu only, so who holds that and sees 0 has the buffer to himself
	dirty atomic.Bool  // set under the exclusive latch by one who has a pin; cleared under pool.mu
	page  []byte
	pool  *Pool
	index int // in pool.buffers

	unread bool // GetNew has not read the page that is on disk; guarded by the latch
	blank  bool // the page is as memory has given it out: zeros; guarded by being the one who reads

	io latch.Latch // held while the page is written

	// Guarded by pool.mu. The tag of a pinned buffer does not change.
	tag     Tag
	usage   uint8
	listed  bool // in the table
	writing bool
	reading bool
	ready   chan struct{} // closed when the page has been read; made by the first who waits for that
	readErr error
}

// NewPool makes an empty pool.
func NewPool(o Options) *Pool {
	n := max(o.Pages, MinPages)
	p := &Pool{
		store: o.Store, beforeWrite: o.BeforeWrite,
		byTag: newTable(n), buffers: make([]Buffer, n), memory: newMemory(n),
	}
	makeReady(asBytes(p.buffers))
	makeReady(asBytes(p.byTag.slots))
	if p.beforeWrite == nil {
		p.beforeWrite = func(wal.LSN) error { return nil }
	}
	return p
}

// Get pins a page, reading it if need be. The page has to exist: ErrNoPage otherwise.
func (p *Pool) Get(tag Tag) (*Buffer, error) { return p.pin(tag, false) }

// GetNew pins a page that is about to be made from nothing: the relation is extended to have it, and
// an old page on disk is not read. Under the exclusive latch, the caller fills all of it and calls
// MarkDirty, or PutBack if he cannot.
func (p *Pool) GetNew(tag Tag) (*Buffer, error) { return p.pin(tag, true) }

// Blocks is a relation's length in pages.
func (p *Pool) Blocks(rel wal.RelFileLocator, fork wal.ForkNumber) (uint32, error) {
	return p.store.Blocks(rel, fork)
}

// Size is how many pages the pool can hold.
func (p *Pool) Size() int { return len(p.buffers) }

// Stats returns the counts.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// Page is the page's bytes; read under the latch, changed under the exclusive latch.
func (b *Buffer) Page() []byte { return b.page }

// LSN is the page's LSN; call it under the latch.
func (b *Buffer) LSN() wal.LSN { return page.LSN(b.page) }

// Tag names the page; it does not change while the page is pinned.
func (b *Buffer) Tag() Tag { return b.tag }

// Is reports whether tag is the page's name, Block is its number. Both are Tag without a copy.
func (b *Buffer) Is(tag *Tag) bool { return b.tag.is(tag) }
func (b *Buffer) Block() uint32    { return b.tag.Block }

// MarkDirty says that the page changed; call it under the exclusive latch.
func (b *Buffer) MarkDirty() {
	b.unread = false
	if !b.dirty.Load() {
		b.dirty.Store(true)
	}
}

// PutBack gives a page that GetNew has not read the contents that it has on disk, zeros if they cannot be
// read. It does nothing to any other page. Call it under the exclusive latch.
func (b *Buffer) PutBack() {
	if !b.unread {
		return
	}
	b.unread = false
	if b.pool.store.Read(b.tag.Rel, b.tag.Fork, b.tag.Block, b.page) != nil {
		clear(b.page)
	}
}

// Release ends the pin.
func (b *Buffer) Release() {
	if b.pins.Add(-1) < 0 {
		panic("buffer: Release without pin")
	}
}
