package rmgr

import "github.com/redoubt-wal/redoubt/wal"

// A Foreseer is a Manager that can say beforehand which places of a page the redo of a record will look
// at, so that they are brought near for many records at the same time; Redo itself would wait for one
// after the other to come from memory. It changes nothing, and nothing depends on what it says.
type Foreseer interface {
	// Foresee appends to at the places, as offsets in page, and returns it. page is the one that rec names
	// with ref, as it is some records before rec: it may be in any state, or damaged. In round 0 only the
	// beginning and the end of page are near, in a later one also what the rounds before have named.
	Foresee(page []byte, rec *wal.Record, ref *wal.BlockRef, round int, at []uint16) []uint16
}

// ForeseeRounds is how often Foresee is called for a page of a record.
const ForeseeRounds = 2

// Foresee calls f.Foresee; after a panic there is nothing to bring near, and Redo will tell.
func Foresee(f Foreseer, page []byte, rec *wal.Record, ref *wal.BlockRef, round int, at []uint16) (places []uint16) {
	defer func() {
		if recover() != nil {
			places = at
		}
	}()
	return f.Foresee(page, rec, ref, round, at)
}
