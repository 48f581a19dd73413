package logicalmsg

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// ID is the built-in manager's ID.
const ID = wal.RmgrLogicalMessage

// Manager replays, describes and decodes logical messages.
type Manager struct{}

var (
	_ rmgr.Manager   = Manager{}
	_ rmgr.Describer = Manager{}
	_ rmgr.Decoder   = Manager{}
)

// Name is PostgreSQL's.
func (Manager) Name() string { return rmgr.BuiltinName(ID) }

// Identify names the operation.
func (Manager) Identify(info uint8) string {
	if info&0xF0 == opMessage {
		return "MESSAGE"
	}
	return ""
}

// RedoesPagesApart makes Manager an rmgr.Pagewise.
func (Manager) RedoesPagesApart() {}

// Redo does nothing, as in PostgreSQL: only decoding reads the record.
func (Manager) Redo(_ rmgr.RedoContext, rec *wal.Record) error {
	if rec.Op() != opMessage {
		return fmt.Errorf("LogicalMessage has no operation %02X", rec.Op())
	}
	_, err := check(rec.Main)
	return err
}

// Describe prints what pg_waldump prints.
func (Manager) Describe(w io.Writer, rec *wal.Record) {
	if rec.Op() != opMessage {
		return
	}
	m, err := Parse(rec.Main)
	if err != nil {
		fmt.Fprintf(w, "malformed (%d bytes)", len(rec.Main))
		return
	}
	kind := "non-transactional"
	if m.Transactional {
		kind = "transactional"
	}
	fmt.Fprintf(w, "%s, prefix \"%s\"; payload (%d bytes): % X", kind, rmgr.Printable(m.Prefix), len(m.Content), m.Content)
}

// Decode gives a "message" whose object is the prefix. Who decodes for another database, or waits for
// the commit, looks at the columns database and transactional.
func (Manager) Decode(rec *wal.Record, _ rmgr.Format, emit func(rmgr.Change)) error {
	if rec.Op() != opMessage {
		return fmt.Errorf("LogicalMessage has no operation %02X", rec.Op())
	}
	m, err := Parse(rec.Main)
	if err != nil {
		return err
	}
	emit(rmgr.Change{Action: "message", Object: m.Prefix, Columns: map[string]any{
		"database": int64(m.Database), "transactional": m.Transactional, "prefix": m.Prefix, "content": append([]byte{}, m.Content...)}})
	return nil
}
