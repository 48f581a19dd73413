package recovery

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrdesc"
	"github.com/redoubt-wal/redoubt/wal"
)

// The managers whose records are about the node's own state. Their Redo restores images and no more;
// the engine's replay acts on the rest.
type (
	xlog        struct{}
	transaction struct{}
	standby     struct{}
)

func (xlog) RedoesPagesApart()        {}
func (transaction) RedoesPagesApart() {}
func (standby) RedoesPagesApart()     {}

func (xlog) Name() string        { return "XLOG" }
func (transaction) Name() string { return "Transaction" }
func (standby) Name() string     { return "Standby" }

// The newest names include those of PostgreSQL 15, and one operation more.
func (xlog) Identify(info uint8) string {
	return rmgrdesc.Identify(wal.RmgrXLOG, info, wal.PageMagic18)
}
func (transaction) Identify(info uint8) string {
	return rmgrdesc.Identify(wal.RmgrTransaction, info, wal.PageMagic18)
}
func (standby) Identify(info uint8) string {
	return rmgrdesc.Identify(wal.RmgrStandby, info, wal.PageMagic18)
}

func (xlog) Describe(w io.Writer, rec *wal.Record)        { rmgrdesc.Printer{}.Describe(w, rec) }
func (transaction) Describe(w io.Writer, rec *wal.Record) { rmgrdesc.Printer{}.Describe(w, rec) }
func (standby) Describe(w io.Writer, rec *wal.Record)     { rmgrdesc.Printer{}.Describe(w, rec) }

// Redo restores the images of FPI records (the Applier does it for every block that Redo leaves out).
func (m xlog) Redo(_ rmgr.RedoContext, rec *wal.Record) error        { return known(m, rec) }
func (m transaction) Redo(_ rmgr.RedoContext, rec *wal.Record) error { return known(m, rec) }
func (m standby) Redo(_ rmgr.RedoContext, rec *wal.Record) error     { return known(m, rec) }

func known(m rmgr.Manager, rec *wal.Record) error {
	if m.Identify(rec.Info) == "" {
		return fmt.Errorf("%s has no operation %02X", m.Name(), rec.Op())
	}
	return nil
}
