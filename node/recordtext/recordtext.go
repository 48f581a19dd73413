package recordtext

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/generic"
	"github.com/redoubt-wal/redoubt/rmgr/logicalmsg"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrdesc"
	"github.com/redoubt-wal/redoubt/wal"
)

// A Text prints records: custom ones as the managers in Table say, PostgreSQL's own as the server does
// that wrote the log. It is for one goroutine.
type Text struct {
	Table   *rmgr.Table
	Printer rmgrdesc.Printer

	names [256]string
	buf   bytes.Buffer
}

// Manager is the name of a resource manager, "custom200" of one that Table does not have.
func (t *Text) Manager(id wal.RmgrID) string {
	if t.names[id] == "" {
		t.names[id] = managerName(t.Table, id)
	}
	return t.names[id]
}

func managerName(table *rmgr.Table, id wal.RmgrID) string {
	if m, ok := table.Lookup(id); ok {
		return m.Name()
	}
	if name := rmgr.BuiltinName(id); name != "" {
		return name
	}
	return fmt.Sprintf("custom%03d", id)
}

// Operation names what a record does from its manager and xl_info, "UNKNOWN (20)" if nobody knows.
func (t *Text) Operation(id wal.RmgrID, info uint8) string {
	op := ""
	if m := t.custom(id); m != nil {
		op = m.Identify(info & 0xF0)
	} else {
		op = rmgrdesc.Identify(id, info, t.Printer.Magic)
	}
	if op == "" {
		return fmt.Sprintf("UNKNOWN (%x)", info&0xF0)
	}
	return op
}

// custom is a manager that is not PostgreSQL's; nil if nobody knows it.
func (t *Text) custom(id wal.RmgrID) rmgr.Manager {
	switch {
	case id == wal.RmgrModules:
		return modules.ResourceManager{}
	case id.Custom():
		m, _ := t.Table.Lookup(id)
		return m
	}
	return nil
}

// Contents prints what a record carries (rm_desc), as far as its manager tells. Of a manager that is
// not here, only its number is known.
func (t *Text) Contents(w io.Writer, rec *wal.Record) {
	switch {
	case t.Printer.Describe(w, rec):
	case rec.Rmgr == wal.RmgrLogicalMessage:
		logicalmsg.Manager{}.Describe(w, rec)
	case rec.Rmgr == wal.RmgrGeneric:
		generic.Manager{}.Describe(w, rec)
	case rec.Rmgr.Custom():
		m := t.custom(rec.Rmgr)
		if m == nil {
			fmt.Fprintf(w, "rmid: %d", rec.Rmgr)
		} else {
			rmgr.Describe(m, w, rec)
		}
	}
}

// AppendLine appends a record as pg_waldump prints it, with the line break; with details, each block
// has a line of its own.
func (t *Text) AppendLine(dst []byte, rec *wal.Record, details bool) []byte {
	dst = append(dst, "rmgr: "...)
	dst = appendLeft(dst, t.Manager(rec.Rmgr), 11)
	dst = append(dst, " len (rec/tot): "...)
	dst = appendRight(dst, uint64(int(rec.Total)-Images(rec)), 6)
	dst = append(dst, '/')
	dst = appendRight(dst, uint64(rec.Total), 6)
	dst = append(dst, ", tx: "...)
	dst = appendRight(dst, uint64(rec.Xid), 10)
	dst = append(dst, ", lsn: "...)
	dst = appendPadded(dst, rec.LSN)
	dst = append(dst, ", prev "...)
	dst = appendPadded(dst, rec.Prev)
	dst = append(dst, ", desc: "...)
	dst = append(dst, t.Operation(rec.Rmgr, rec.Info)...)
	dst = append(dst, ' ')
	t.buf.Reset()
	t.Contents(&t.buf, rec)
	dst = append(dst, t.buf.Bytes()...)
	if details {
		return appendDetails(append(dst, '\n'), rec)
	}
	return append(appendBlocks(dst, rec), '\n')
}

// Images is how many bytes of a record are page images.
func Images(rec *wal.Record) int {
	n := 0
	for i := range rec.Blocks {
		n += len(rec.Blocks[i].Image)
	}
	return n
}

func appendLeft(dst []byte, s string, width int) []byte {
	dst = append(dst, s...)
	for range width - len(s) {
		dst = append(dst, ' ')
	}
	return dst
}

func appendRight(dst []byte, n uint64, width int) []byte {
	var digits [20]byte
	s := strconv.AppendUint(digits[:0], n, 10)
	for range width - len(s) {
		dst = append(dst, ' ')
	}
	return append(dst, s...)
}

// appendPadded appends an LSN as pg_waldump does: its lower half has eight digits.
func appendPadded(dst []byte, l wal.LSN) []byte {
	return fmt.Appendf(dst, "%X/%08X", uint32(l>>32), uint32(l))
}
