package recovery

// An undo is what it takes to put the pages of one record back. It is used again for the next record,
// and does not allocate then.
type undo struct {
	kept  []kept
	bytes []byte // what the kept ranges held, one after another
}

// kept is a range of a page. Its bytes end where the next one's begin.
type kept struct {
	at   []byte
	from int
	zero bool // it held zeros: nothing is stored
}

// keep stores what b, a range of a page, holds.
func (u *undo) keep(b []byte) {
	u.kept = append(u.kept, kept{at: b, from: len(u.bytes)})
	u.bytes = append(u.bytes, b...)
}

// keepZeros is keep for a range that is known to hold zeros.
func (u *undo) keepZeros(b []byte) { u.kept = append(u.kept, kept{at: b, zero: true}) }

// putBack makes all ranges what they were, the last kept first.
func (u *undo) putBack() {
	for i := len(u.kept) - 1; i >= 0; i-- {
		if k := &u.kept[i]; k.zero {
			clear(k.at)
		} else {
			copy(k.at, u.bytes[k.from:])
		}
	}
}

// forget makes it ready for the next record.
func (u *undo) forget() {
	u.kept, u.bytes = u.kept[:0], u.bytes[:0]
}
