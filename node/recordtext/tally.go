package recordtext

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
)

// A Count sums up records of one kind.
type Count struct {
	Records, Size, Images uint64 // Size is without images, both in bytes
}

// Combined is the size with images.
func (c Count) Combined() uint64 { return c.Size + c.Images }

func (c *Count) add(d Count) {
	c.Records, c.Size, c.Images = c.Records+d.Records, c.Size+d.Size, c.Images+d.Images
}

// A Tally counts records by manager and operation. Adding does not allocate.
type Tally struct {
	Total Count
	kinds [256][16]Count
}

// Add counts one record.
func (t *Tally) Add(rec *wal.Record) {
	op := rec.Info >> 4
	if rec.Rmgr == wal.RmgrTransaction {
		op &= wal.XactOpMask >> 4 // the bit above says what the record carries, not what it does
	}
	images := uint64(0)
	for i := range rec.Blocks {
		images += uint64(len(rec.Blocks[i].Image))
	}
	c := Count{1, uint64(rec.Total) - images, images}
	t.kinds[rec.Rmgr][op].add(c)
	t.Total.add(c)
}

// Merge adds what u has counted.
func (t *Tally) Merge(u *Tally) {
	for id := range t.kinds {
		for op := range t.kinds[id] {
			t.kinds[id][op].add(u.kinds[id][op])
		}
	}
	t.Total.add(u.Total)
}

// A Row is the count of one manager, or of one of its operations.
type Row struct {
	Name string // "Heap", "Heap/INSERT"
	Count
}

// Rows are in the order of managers and operations. By manager, all built-in ones have a row, others
// only if they have records, as have operations.
func (t *Tally) Rows(text *Text, byOperation bool) []Row {
	var rows []Row
	for id := range 256 {
		id := wal.RmgrID(id)
		if !id.Valid() {
			continue
		}
		var sum Count
		for op, c := range t.kinds[id] {
			sum.add(c)
			if byOperation && c.Records > 0 {
				rows = append(rows, Row{fmt.Sprintf("%s/%s", text.Manager(id), text.Operation(id, uint8(op)<<4)), c})
			}
		}
		if !byOperation && (sum.Records > 0 || !id.Custom()) {
			rows = append(rows, Row{text.Manager(id), sum})
		}
	}
	return rows
}
