package recordtext

import (
	"fmt"
	"io"
	"strings"

	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
)

// Manager is the name of a resource manager, "custom200" of one that table does not have.
func Manager(table *rmgr.Table, id wal.RmgrID) string {
	if m, ok := table.Lookup(id); ok {
		return m.Name()
	}
	if name := rmgr.BuiltinName(id); name != "" {
		return name
	}
	return fmt.Sprintf("custom%03d", id)
}

// Operation names what a record does; of a manager that table does not have only its bits are known.
func Operation(table *rmgr.Table, rec *wal.Record) string {
	_, op, _ := strings.Cut(recovery.Operation(table, rec), "/")
	return op
}

// Contents prints what a record carries (rm_desc), as far as its manager tells.
func Contents(w io.Writer, table *rmgr.Table, rec *wal.Record) {
	switch rec.Rmgr {
	case wal.RmgrXLOG:
		xlog(w, rec)
	case wal.RmgrTransaction:
		transaction(w, rec)
	case wal.RmgrStandby:
		standby(w, rec)
	case wal.RmgrModules:
		modules.ResourceManager{}.Describe(w, rec)
	default:
		m, _ := table.Lookup(rec.Rmgr)
		rmgr.Describe(m, w, rec)
	}
}

// Images is how many bytes of a record are page images.
func Images(rec *wal.Record) int {
	n := 0
	for i := range rec.Blocks {
		n += len(rec.Blocks[i].Image)
	}
	return n
}

// Blocks prints a record's block references, each with sep before it.
func Blocks(w io.Writer, rec *wal.Record, sep string) {
	for i := range rec.Blocks {
		b := &rec.Blocks[i]
		fork := ""
		if b.Fork != wal.ForkMain {
			fork = " fork " + b.Fork.String()
		}
		fmt.Fprintf(w, "%sblkref #%d: rel %s%s blk %d", sep, b.ID, b.Rel, fork, b.Block)
		if b.Apply() {
			io.WriteString(w, " FPW")
		} else if b.HasImage() {
			io.WriteString(w, " FPW for WAL verification")
		}
	}
}

// Line is a record as pg_waldump prints it, without the line break.
func Line(w io.Writer, table *rmgr.Table, rec *wal.Record) {
	fmt.Fprintf(w, "rmgr: %-11s len (rec/tot): %6d/%6d, tx: %10d, lsn: %s, prev %s, desc: %s ",
		Manager(table, rec.Rmgr), int(rec.Total)-Images(rec), rec.Total, rec.Xid, Padded(rec.LSN), Padded(rec.Prev), Operation(table, rec))
	Contents(w, table, rec)
	Blocks(w, rec, ", ")
}

// Padded is an LSN as pg_waldump prints it: its lower half has eight digits.
func Padded(l wal.LSN) string { return fmt.Sprintf("%X/%08X", uint32(l>>32), uint32(l)) }
