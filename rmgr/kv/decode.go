package kv

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Decode gives inserts, updates and deletes of "kv" with the columns key and value, and from format
// 2 on old_value. The pages' own affairs (INIT, SPLIT) are no logical change.
func (m manager) Decode(rec *wal.Record, format rmgr.Format, emit func(rmgr.Change)) error {
	op := rec.Op()
	action := ""
	switch op {
	case opInit, opSplit:
		return nil
	case opInsert:
		action = "insert"
	case opUpdate:
		action = "update"
	case opDelete:
		action = "delete"
	default:
		return fmt.Errorf("kv has no operation %02X", op)
	}
	f, c, err := parseChange(op, rec.Main)
	switch {
	case err != nil:
		return err
	case f > m.highest || format != 0 && f != format:
		return fmt.Errorf("kv: record in format %d where format %d is in force; version %s decodes formats 1–%d", f, format, m.version, m.highest)
	}
	columns := map[string]any{"key": string(c.key)}
	if op != opDelete {
		columns["value"] = string(c.value)
	}
	if c.hasOld {
		columns["old_value"] = string(c.old)
	}
	emit(rmgr.Change{Action: action, Object: "kv", Columns: columns})
	return nil
}
