package decoding

import (
	"bytes"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
)

// decode takes one record.
func (d *Decoder) decode(rec *wal.Record) error {
	switch rec.Rmgr {
	case wal.RmgrXLOG:
		if op := rec.Op(); op == wal.XLogCheckpointShutdown || op == wal.XLogEndOfRecovery {
			return d.recovered(rec)
		}
		return nil
	case wal.RmgrTransaction:
		return d.ended(rec)
	case wal.RmgrModules:
		return d.modules(rec)
	case wal.RmgrStandby:
		return nil
	}
	changes, err := d.changes(rec)
	if err != nil {
		return err
	}
	if rec.Xid != 0 {
		p := d.open.note(rec.Xid, rec.LSN)
		p.changes = append(p.changes, part(changes, true)...)
		changes = part(changes, false)
	}
	return d.atOnce(rec, changes)
}

// part are the changes that wait for their commit, or those that do not: PostgreSQL's
// non-transactional messages may carry the xid of the transaction they were sent in.
func part(changes []Change, waits bool) (out []Change) {
	for _, c := range changes {
		if (c.Message == nil || c.Message.Transactional) == waits {
			out = append(out, c)
		}
	}
	return out
}

// modules puts the formats of a MODULES record in force.
func (d *Decoder) modules(rec *wal.Record) error {
	s, err := modules.Decode(rec.Main)
	if err != nil {
		return d.decodeError(rec, "Modules", err)
	}
	d.snapshot = s
	d.marks.add(rec.LSN, d.open.oldest(rec.LSN))
	return nil
}

// changes asks the record's manager. One that decodes nothing gives none.
func (d *Decoder) changes(rec *wal.Record) (out []Change, err error) {
	m, loaded := d.o.Table.Lookup(rec.Rmgr)
	if !loaded {
		missing := d.snapshot.NotRegistered(rec.Rmgr, rec.LSN)
		name := d.nameOf(rec.Rmgr)
		return nil, &rmgr.Error{
			Code: "XX000", Message: missing.Error(), Hint: missing.Hint(),
			Detail: fmt.Sprintf("Logical decoding for slot %q has met a record of resource manager %s at %s.", d.o.Slot, name, rec.LSN),
		}
	}
	decoder, ok := m.(rmgr.Decoder)
	if !ok {
		return nil, nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = d.decodeError(rec, m.Name(), fmt.Errorf("panic: %v", p))
		}
	}()
	err = decoder.Decode(rec, d.snapshot.Format(rec.Rmgr), func(c rmgr.Change) {
		change := Change{Change: c, LSN: rec.LSN, End: rec.End}
		if rec.Rmgr == wal.RmgrLogicalMessage {
			if c.Columns["database"] != int64(Database) {
				return
			}
			change.Message = &Message{Prefix: c.Object}
			change.Message.Transactional, _ = c.Columns["transactional"].(bool)
			change.Message.Content, _ = c.Columns["content"].([]byte)
		}
		for name, v := range c.Columns { // the record's bytes are the reader's, and a transaction waits
			if b, ok := v.([]byte); ok {
				c.Columns[name] = bytes.Clone(b)
			}
		}
		out = append(out, change)
	})
	if err != nil {
		return nil, d.decodeError(rec, m.Name(), err)
	}
	return out, nil
}

// nameOf names a manager that is not loaded as well as the log can: "251 (kv)".
func (d *Decoder) nameOf(id wal.RmgrID) string {
	for _, m := range d.snapshot.Modules {
		for _, r := range m.Managers {
			if r.ID == id {
				return fmt.Sprintf("%d (%s)", id, r.Name)
			}
		}
	}
	for _, gone := range d.snapshot.Departed {
		if gone.ID == id {
			return fmt.Sprintf("%d (%s)", id, gone.Name)
		}
	}
	if name := rmgr.BuiltinName(id); name != "" {
		return fmt.Sprintf("%d (%s)", id, name)
	}
	return fmt.Sprint(id)
}

func (d *Decoder) decodeError(rec *wal.Record, name string, err error) error {
	return &rmgr.Error{
		Code:    "XX000",
		Message: fmt.Sprintf("could not decode record at %s of resource manager %s: %v", rec.LSN, name, err),
		Detail:  fmt.Sprintf("Logical decoding for slot %q cannot go on behind it.", d.o.Slot),
	}
}
