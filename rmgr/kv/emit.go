package kv

import (
	"fmt"
	"strconv"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// format is the record format to write.
func (m manager) format(s rmgr.Session) (rmgr.Format, error) {
	f := s.Format(ID)
	if f == 0 || f > m.highest {
		return 0, &rmgr.Error{Code: "55000", Message: fmt.Sprintf("kv %s cannot write records of format %d, which is in force", m.version, f),
			Hint: "Load a version of the module kv that writes it."}
	}
	return f, nil
}

// checkPair refuses what cannot be kept: a value beside its key takes at most a quarter page, a longer
// one goes on pages of its own, which records of format 1 cannot say.
func checkPair(f rmgr.Format, key, value string) error {
	size := len(key) + len(value)
	switch {
	case len(key) > maxKey:
		return &rmgr.Error{Code: "54000", Message: fmt.Sprintf("key has %d bytes, kv keeps at most %d", len(key), maxKey)}
	case len(value) > maxValue:
		return &rmgr.Error{Code: "54000", Message: fmt.Sprintf("value has %d bytes, kv keeps at most %d", len(value), maxValue),
			Hint: "Spread the value over several keys."}
	case size > maxPair && f < 2:
		return &rmgr.Error{Code: "54000", Message: fmt.Sprintf("key and value together have %d bytes, kv keeps at most %d in record format 1", size, maxPair),
			Hint: "Raise the format of kv to 2, or spread the value over several keys."}
	}
	return nil
}

// tidyUp prepares for a write: what a broken-off one has left is freed first. It finds c.key.
func (c *cursor) tidyUp(f rmgr.Format, want wanted) error {
	if err := c.find(want); err != nil {
		return err
	}
	if c.pending.pages == 0 || f < 2 {
		return nil
	}
	if err := c.emitRelease(f); err != nil {
		return err
	}
	return c.find(want)
}

// put sets c.key, which find has just looked for, to value.
func (m manager) put(c *cursor, f rmgr.Format, value string, want wanted) (wal.LSN, error) {
	long := len(c.key)+len(value) > maxPair
	size := 2 + len(c.key) + len(value)
	if long {
		size = 2 + len(c.key) + chainSize
	}
	for c.empty || !c.fits(size) {
		var err error
		if c.empty {
			err = c.emitInit(f)
		} else {
			err = c.makeRoom(f)
		}
		if err == nil {
			err = c.find(want)
		}
		if err != nil {
			return 0, err
		}
	}
	before := c.size
	lsn, err := c.set(f, value, long)
	if err == nil && c.found && size < before {
		c.path[0].free += before - size
		lsn = max(lsn, c.shrink(f))
	}
	return lsn, err
}

// fits reports whether the leaf has room for the item of c.key when it has size bytes.
func (c *cursor) fits(size int) bool {
	if c.found {
		return c.path[0].free+c.size >= size
	}
	return c.path[0].free >= size+lineSize
}

// set writes the value; the leaf has room for it.
func (c *cursor) set(f rmgr.Format, value string, long bool) (wal.LSN, error) {
	switch {
	case long || c.long:
		return c.emitExchange(f, value, true)
	case c.found:
		return c.emitChange(f, opUpdate, value)
	}
	return c.emitChange(f, opInsert, value)
}

// remove deletes c.key, which find has just found.
func (c *cursor) remove(f rmgr.Format) error {
	var err error
	if c.long {
		_, err = c.emitExchange(f, "", false)
	} else {
		_, err = c.emitChange(f, opDelete, "")
	}
	if err == nil {
		c.path[0].free += c.size + lineSize
		c.shrink(f)
	}
	return err
}

func (c *cursor) emitInit(f rmgr.Format) error {
	c.main = append(c.main[:0], byte(f))
	c.blocks[0] = rmgr.NewBlock{Rel: relation, Block: metaBlock, WillInit: true}
	c.blocks[1] = rmgr.NewBlock{Rel: relation, Block: 1, WillInit: true}
	_, err := c.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opInit, Main: c.main, Blocks: c.blocks[:2]})
	return err
}

func (c *cursor) emitChange(f rmgr.Format, op uint8, value string) (wal.LSN, error) {
	c.data = append(c.data[:0], value...)
	c.main = appendChange(c.main[:0], f, op, change{slot: c.path[0].pos, key: c.key, value: c.data, old: c.old})
	blocks := c.blocks[:2]
	blocks[0] = rmgr.NewBlock{Rel: relation, Block: metaBlock}
	blocks[1] = rmgr.NewBlock{Rel: relation, Block: c.path[0].block}
	if op == opUpdate {
		blocks = blocks[1:]
	}
	return c.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: op, Main: c.main, Blocks: blocks})
}
