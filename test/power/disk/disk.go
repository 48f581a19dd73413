package disk

import (
	"sync"
	"syscall"
)

// BlockSize is what a disk of today writes whole, and SectorSize what one of yesterday does, in bytes.
const (
	BlockSize  = 4096
	SectorSize = 512
)

// cacheLimit is how many bytes the cache holds; then the oldest writes leave it for the platter.
const cacheLimit = 32 << 20

// A Disk is one disk. Its zero value is of no use: see New.
type Disk struct {
	mu      sync.Mutex
	durable []byte  // what a power cut leaves
	current []byte  // what a read returns
	cache   []write // since the last flush, oldest first, each within one block
	cached  int     // bytes in cache
	before  map[int64][]byte

	lying    bool
	faults   []*Fault
	requests int // writes and flushes
	cutAt    int // the power goes at this request; 0: not planned
	off      chan struct{}
}

// A write is a part of a request that lies within one block.
type write struct {
	at   int64
	data []byte
}

// New returns a disk of size bytes, a multiple of BlockSize, all zeros. Memory is taken as it is
// written to.
func New(size int64) *Disk {
	return &Disk{durable: make([]byte, size), current: make([]byte, size), before: map[int64][]byte{}, off: make(chan struct{})}
}

// Size is the disk's size in bytes.
func (d *Disk) Size() int64 { return int64(len(d.current)) }

// ReadAt reads what was written last, durable or not.
func (d *Disk) ReadAt(p []byte, at int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at < 0 || at+int64(len(p)) > d.Size() {
		return syscall.EINVAL
	}
	copy(p, d.current[at:])
	return d.fault(Read, at, p)
}

// WriteAt puts bytes into the cache. A write that fails with a Fault leaves nothing behind; one that
// the power cut may survive in part.
func (d *Disk) WriteAt(p []byte, at int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case at < 0 || at+int64(len(p)) > d.Size():
		return syscall.EINVAL
	case d.isOff():
		return syscall.EIO
	}
	if err := d.fault(Write, at, p); err != nil {
		return err
	}
	for data, at := p, at; len(data) > 0; {
		n := min(len(data), BlockSize-int(at%BlockSize))
		d.cache = append(d.cache, write{at, append([]byte(nil), data[:n]...)})
		d.cached += n
		data, at = data[n:], at+int64(n)
	}
	copy(d.current[at:], p)
	for d.cached > cacheLimit {
		d.apply(d.cache[0])
		d.cached -= len(d.cache[0].data)
		d.cache = d.cache[1:]
	}
	return d.count()
}

// Flush makes durable what was written.
func (d *Disk) Flush() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isOff() {
		return syscall.EIO
	}
	if err := d.fault(Flush, 0, nil); err != nil {
		return err
	}
	if err := d.count(); err != nil || d.lying {
		return err
	}
	for _, w := range d.cache {
		d.apply(w)
	}
	d.cache, d.cached = nil, 0
	return nil
}

// Lie makes every Flush from now on do nothing and say that it has: what drives with a cache that they
// do not empty do. It is there to show that a check can fail.
func (d *Disk) Lie() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lying = true
}

// apply makes a write durable.
func (d *Disk) apply(w write) {
	block := w.at / BlockSize
	if _, known := d.before[block]; !known {
		d.before[block] = append([]byte(nil), d.durable[block*BlockSize:(block+1)*BlockSize]...)
	}
	copy(d.durable[w.at:], w.data)
}
