package kv

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Decode gives inserts, updates and deletes of "kv" with the columns key and value, and from format
// 2 on old_value. The pages' own affairs (INIT, SPLIT, MERGE, …) are no logical change.
//
// A record holds at most some pages of a value that is too long for a leaf. Such a value comes before
// its insert or update, from its end to its beginning, as changes "chunk" with the columns offset,
// length (of the whole value) and data; the change itself has value_length in place of value, and
// old_value_length in place of old_value.
func (m manager) Decode(rec *wal.Record, format rmgr.Format, emit func(rmgr.Change)) error {
	op := rec.Op()
	if op == opInit || op == opSplit || op == opMerge || op == opCollapse || op == opRelease {
		return nil
	}
	f, change, err := decode(op, rec)
	switch {
	case err != nil:
		return err
	case f == 0 || f > m.highest || format != 0 && f != format:
		return fmt.Errorf("kv: record in format %d where format %d is in force; version %s decodes formats 1–%d", f, format, m.version, m.highest)
	}
	emit(change)
	return nil
}

func decode(op uint8, rec *wal.Record) (rmgr.Format, rmgr.Change, error) {
	change := rmgr.Change{Object: "kv", Columns: map[string]any{}}
	switch op {
	case opInsert, opUpdate, opDelete:
		f, c, err := parseChange(op, rec.Main)
		change.Action = map[uint8]string{opInsert: "insert", opUpdate: "update", opDelete: "delete"}[op]
		change.Columns["key"] = string(c.key)
		if op != opDelete {
			change.Columns["value"] = string(c.value)
		}
		if c.hasOld {
			change.Columns["old_value"] = string(c.old)
		}
		return f, change, err
	case opChain:
		f, r, err := parseRun(rec.Main)
		var data []byte
		for i := range rec.Blocks {
			data = append(data, rec.Blocks[i].Data...)
		}
		change.Action = "chunk"
		change.Columns["offset"], change.Columns["length"], change.Columns["data"] = int64(r.offset), int64(r.total), data
		return f, change, err
	case opExchange:
		f, x, err := parseExchange(rec.Main)
		change.Action = x.action()
		change.Columns["key"] = string(x.key)
		column(change.Columns, "value", x.is, x.value, x.to)
		column(change.Columns, "old_value", x.was, x.old, x.from)
		return f, change, err
	}
	return 0, change, fmt.Errorf("kv has no operation %02X", op)
}

func column(columns map[string]any, name string, kind uint8, value []byte, c chain) {
	switch kind {
	case inline:
		columns[name] = string(value)
	case onChain:
		columns[name+"_length"] = int64(c.length)
	}
}
