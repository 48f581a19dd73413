package vfs

import (
	"bytes"
	"maps"
	"slices"
)

// SectorSize is what a disk writes whole or not at all, in bytes.
const SectorSize = 512

// content is a file's bytes, and what differs from what is durable.
type content struct {
	data []byte
	// undo has, for each sector changed since the last Sync, what it held then; nil for zeros.
	undo map[int64][]byte
	// syncedSize is the durable size; valid only if resized.
	syncedSize int64
	resized    bool
	// shared says that data belongs to copies of the file as well: copy before the first change.
	shared bool
}

var zeroSector [SectorSize]byte

// write changes bytes; data nil stands for size zeros.
func (c *content) write(off int64, data []byte, size int64) {
	c.own()
	end := off + size
	c.touch(off, end)
	if end > int64(len(c.data)) {
		c.resize(end)
	}
	if data == nil {
		clear(c.data[off:end])
		return
	}
	copy(c.data[off:end], data)
}

func (c *content) truncate(size int64) {
	c.own()
	c.touch(size, int64(len(c.data)))
	c.resize(size)
}

func (c *content) own() {
	if c.shared {
		c.data, c.shared = bytes.Clone(c.data), false
	}
}

func (c *content) resize(size int64) {
	if !c.resized {
		c.resized, c.syncedSize = true, int64(len(c.data))
	}
	if old := int64(len(c.data)); size > old {
		c.data = slices.Grow(c.data, int(size-old))[:size]
		clear(c.data[old:])
	}
	c.data = c.data[:size]
}

// touch keeps what the sectors of [from, to) hold before they change for the first time.
func (c *content) touch(from, to int64) {
	if c.undo == nil {
		c.undo = map[int64][]byte{}
	}
	for s := from / SectorSize; s*SectorSize < to; s++ {
		if _, known := c.undo[s]; known {
			continue
		}
		c.undo[s] = nil
		if old := c.sector(s); !bytes.Equal(old, zeroSector[:len(old)]) {
			c.undo[s] = bytes.Clone(old)
		}
	}
}

// sector is what sector s holds now, shorter at the end of the file.
func (c *content) sector(s int64) []byte {
	size := int64(len(c.data))
	return c.data[min(s*SectorSize, size):min((s+1)*SectorSize, size)]
}

func (c *content) sync() {
	clear(c.undo)
	c.resized = false
}

// dirtySectors lists what was changed since the last Sync.
func (c *content) dirtySectors() []int64 { return slices.Sorted(maps.Keys(c.undo)) }

// survivors is the file after a power cut: of the changed sectors those that keep says, of the old and
// the new size the one that keepSize says. All of it is durable.
func (c *content) survivors(keep func(i, of int, sector int64) bool, keepSize bool) content {
	if len(c.undo) == 0 && !c.resized {
		return c.clone()
	}
	size := int64(len(c.data))
	if c.resized && !keepSize {
		size = c.syncedSize
	}
	out := make([]byte, size)
	copy(out, c.data)
	dirty := c.dirtySectors()
	for i, s := range dirty {
		if keep(i, len(dirty), s) || s*SectorSize >= size {
			continue
		}
		sector := out[s*SectorSize : min((s+1)*SectorSize, size)]
		clear(sector)
		copy(sector, c.undo[s])
	}
	return content{data: out}
}

// clone shares the bytes until one of the two changes them.
func (c *content) clone() content {
	c.shared = true
	out := *c
	out.undo = maps.Clone(c.undo)
	return out
}
