package recovery

// An Undo is what it takes to put the pages of one record back. It is used again for the next record,
// and does not allocate then. The zero value is empty; it is for one goroutine.
type Undo struct {
	kept  []kept
	bytes []byte // what the kept ranges held, one after another
}

// kept is a range of a page. Its bytes end where the next one's begin.
type kept struct {
	at   []byte
	from int
	zero bool // it held zeros: nothing is stored
}

// Keep stores what b, a range of a page, holds.
func (u *Undo) Keep(b []byte) {
	n := len(u.kept)
	if n == cap(u.kept) {
		u.kept = append(u.kept, kept{})[:n]
	}
	u.kept = u.kept[:n+1]
	k := &u.kept[n] // in place: this is done some times for each record
	k.at, k.from, k.zero = b, len(u.bytes), false
	u.bytes = append(u.bytes, b...)
}

// KeepZeros is Keep for a range that is known to hold zeros.
func (u *Undo) KeepZeros(b []byte) { u.kept = append(u.kept, kept{at: b, zero: true}) }

// PutBack makes all ranges what they were, the last kept first.
func (u *Undo) PutBack() {
	for i := len(u.kept) - 1; i >= 0; i-- {
		if k := &u.kept[i]; k.zero {
			clear(k.at)
		} else {
			copy(k.at, u.bytes[k.from:])
		}
	}
}

// Forget makes it ready for the next record.
func (u *Undo) Forget() {
	u.kept, u.bytes = u.kept[:0], u.bytes[:0]
}
