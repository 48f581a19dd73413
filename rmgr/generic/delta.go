package generic

import (
	"encoding/binary"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr/field"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// gap is how many equal bytes are not worth a fragment's head (MATCH_THRESHOLD).
const gap = 4

// Delta is the block data that turns the page old into new. Both have the page header, whose
// pd_lower and pd_upper bound the hole of new, which is not compared.
func Delta(old, new []byte) ([]byte, error) {
	if len(old) != page.Size || len(new) != page.Size || !bounds(new) {
		return nil, fmt.Errorf("generic: a delta needs two pages of %d bytes with sound headers", page.Size)
	}
	out := appendFragments(nil, old, new, 0, page.Lower(new))
	return appendFragments(out, old, new, page.Upper(new), page.Size), nil
}

func appendFragments(out, old, new []byte, from, to int) []byte {
	for at := from; at < to; {
		if old[at] == new[at] {
			at++
			continue
		}
		end, same := at+1, 0 // end is behind the last difference
		for i := end; i < to && same <= gap; i++ {
			if same++; old[i] != new[i] {
				end, same = i+1, 0
			}
		}
		out = binary.LittleEndian.AppendUint16(out, uint16(at))
		out = binary.LittleEndian.AppendUint16(out, uint16(end-at))
		out = append(out, new[at:end]...)
		at = end
	}
	return out
}

// patch applies block data to a page in place; the caller discards the page on an error.
func patch(p, delta []byte) error {
	r := field.Reader{B: delta}
	for len(r.B) > 0 {
		at, size := int(r.U16()), int(r.U16())
		b := r.Bytes(size)
		if r.Bad || at+size > page.Size {
			return fmt.Errorf("generic: malformed delta of %d bytes", len(delta))
		}
		copy(p[at:], b)
	}
	if !bounds(p) {
		return fmt.Errorf("generic: the delta makes a page with lower %d and upper %d", page.Lower(p), page.Upper(p))
	}
	clear(p[page.Lower(p):page.Upper(p)])
	return nil
}

func bounds(p []byte) bool {
	return page.HeaderSize <= page.Lower(p) && page.Lower(p) <= page.Upper(p) && page.Upper(p) <= page.Size
}
