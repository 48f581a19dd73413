package generic

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/field"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// ID is the built-in manager's ID.
const ID = wal.RmgrGeneric

// On disk: never renumber.
const opGeneric uint8 = 0x00

const maxBlocks = 4 // MAX_GENERIC_XLOG_PAGES

// Manager replays and describes generic records.
type Manager struct{}

var (
	_ rmgr.Manager   = Manager{}
	_ rmgr.Describer = Manager{}
	_ rmgr.Masker    = Manager{}
)

// Name is PostgreSQL's.
func (Manager) Name() string { return rmgr.BuiltinName(ID) }

// Identify names the operation. PostgreSQL says "Generic" whatever the bits.
func (Manager) Identify(uint8) string { return "Generic" }

// RedoesPagesApart makes Manager an rmgr.Pagewise.
func (Manager) RedoesPagesApart() {}

// Redo patches the pages, all or none.
func (Manager) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	if rec.Op() != opGeneric || len(rec.Main) != 0 || len(rec.Blocks) == 0 || len(rec.Blocks) > maxBlocks {
		return fmt.Errorf("generic: malformed record: operation %02X, %d bytes, %d blocks", rec.Op(), len(rec.Main), len(rec.Blocks))
	}
	var pages [maxBlocks][]byte
	var patched [maxBlocks][page.Size]byte
	for i := range rec.Blocks {
		p, action, err := ctx.Block(rec, rec.Blocks[i].ID)
		if err != nil {
			return err
		}
		if action != rmgr.NeedsRedo {
			continue
		}
		if len(p) != page.Size {
			return fmt.Errorf("generic: page of %d bytes", len(p))
		}
		copy(patched[i][:], p)
		if err := patch(patched[i][:], rec.Blocks[i].Data); err != nil {
			return err
		}
		pages[i] = p
	}
	for i, p := range pages {
		copy(p, patched[i][:])
	}
	return nil
}

// Describe prints main data as pg_waldump does; as generic records have none, that is nothing.
func (Manager) Describe(w io.Writer, rec *wal.Record) {
	r := field.Reader{B: rec.Main}
	for len(r.B) > 0 {
		at, size := r.U16(), r.U16()
		r.Bytes(int(size))
		if r.Bad {
			fmt.Fprintf(w, "malformed (%d bytes)", len(rec.Main))
			return
		}
		fmt.Fprintf(w, "offset %d, length %d", at, size)
		if len(r.B) > 0 {
			fmt.Fprint(w, "; ")
		}
	}
}

// Mask blanks what may differ.
func (Manager) Mask(page []byte, _ uint32) { rmgr.MaskPage(page) }
