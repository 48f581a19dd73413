package disk

import (
	"io"
	"math/rand/v2"
	"syscall"
)

// CutAfter plans a power cut at the n-th write or flush from now on, n at least 1. That request fails.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutAt = d.requests + n
}

// Cut cuts the power now: writes and flushes fail with EIO until Restore. Reads go on, since whoever
// reads has no power either and learns nothing that matters.
func (d *Disk) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut()
}

func (d *Disk) cut() {
	if !d.isOff() {
		close(d.off)
	}
}

// Off is closed when the power is cut.
func (d *Disk) Off() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

func (d *Disk) isOff() bool {
	select {
	case <-d.off:
		return true
	default:
		return false
	}
}

// count counts a request and cuts the power if it is the one.
func (d *Disk) count() error {
	d.requests++
	if d.cutAt == 0 || d.requests < d.cutAt {
		return nil
	}
	d.cut()
	return syscall.EIO
}

// Survival says which of the writes that no flush has covered survive a power cut.
type Survival int

const (
	Nothing    Survival = iota // none
	Everything                 // all of them
	Prefix                     // the first ones, as if the cache was emptied in order
	Some                       // each block or not, whatever the others do
	Torn                       // as Some, but blocks with pages of the node by sectors
	Survivals
)

func (s Survival) String() string {
	return [...]string{"nothing", "everything", "prefix", "some", "torn"}[s]
}

// A Loss is what a power cut did.
type Loss struct {
	Cached, Lost, Torn int // blocks written but not flushed; those lost wholly; those lost in part
}

// Restore switches the power on again: of what was in the cache, some is durable now and the rest is
// gone. Nobody may use the disk meanwhile. Faults and lies end.
func (d *Disk) Restore(r *rand.Rand, how Survival) Loss {
	d.mu.Lock()
	defer d.mu.Unlock()
	loss := Loss{Cached: len(d.cache)}
	clear(d.before)
	first, chance := r.IntN(len(d.cache)+1), r.Float64()
	for i, w := range d.cache {
		switch {
		case how == Torn && d.ours(w.at):
			d.tear(w, r, chance, &loss)
		case how == Everything, how == Prefix && i < first, how >= Some && r.Float64() < chance:
			d.apply(w)
		default:
			loss.Lost++
		}
	}
	for _, w := range d.cache {
		end := w.at + int64(len(w.data))
		copy(d.current[w.at:end], d.durable[w.at:end])
	}
	clear(d.before)
	d.cache, d.cached, d.faults, d.lying, d.cutAt, d.off = nil, 0, nil, false, 0, make(chan struct{})
	return loss
}

// tear lets each sector of a write survive by itself.
func (d *Disk) tear(w write, r *rand.Rand, chance float64, loss *Loss) {
	kept, gone := false, false
	for len(w.data) > 0 {
		n := min(len(w.data), SectorSize-int(w.at%SectorSize))
		if r.Float64() < chance {
			d.apply(write{w.at, w.data[:n]})
			kept = true
		} else {
			gone = true
		}
		w.data, w.at = w.data[n:], w.at+int64(n)
	}
	switch {
	case gone && kept:
		loss.Torn++
	case gone:
		loss.Lost++
	}
}

// WriteImage writes the disk as the last Restore left it, to look at what a run could not cope with.
func (d *Disk) WriteImage(w io.WriterAt) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for at := int64(0); at < d.Size(); at += BlockSize {
		b, changed := d.before[at/BlockSize]
		if !changed {
			b = d.durable[at : at+BlockSize]
		}
		if isZero(b) {
			continue
		}
		if _, err := w.WriteAt(b, at); err != nil {
			return err
		}
	}
	return nil
}
