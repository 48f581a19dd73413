package decoding

import (
	"slices"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A Transaction is what a client gets as one.
type Transaction struct {
	Xid     uint32  // 0: a record that is its own transaction
	Commit  wal.LSN // start of the COMMIT record, or of the record itself
	End     wal.LSN // end of that record
	Time    time.Time
	Changes []Change
}

// A Change is one logical change with its place.
type Change struct {
	rmgr.Change
	LSN, End wal.LSN  // of its record
	Message  *Message // of pg_logical_emit_message; nil: a module's change
}

// A Message is a logical message.
type Message struct {
	Transactional bool
	Prefix        string
	Content       []byte
}

// open are the transactions whose end was not met yet, by xid.
type open map[uint32]*pending

// A pending transaction has begun; there may be no change in it.
type pending struct {
	first   wal.LSN // start of its first record
	changes []Change
}

// note makes a transaction known by its first record.
func (o open) note(xid uint32, at wal.LSN) *pending {
	p := o[xid]
	if p == nil {
		p = &pending{first: at}
		o[xid] = p
	}
	return p
}

// take removes a transaction with its subtransactions and returns their changes in log order. known is
// false if there was no record of any.
func (o open) take(xid uint32, subxacts []uint32) (changes []Change, known bool) {
	for _, x := range append([]uint32{xid}, subxacts...) {
		if p := o[x]; p != nil {
			known, changes = true, append(changes, p.changes...)
			delete(o, x)
		}
	}
	slices.SortStableFunc(changes, byPlace)
	return changes, known
}

// takeAll empties o: a recovery has ended, so nobody will commit these any more. What redo has applied
// stays applied and is returned; messages, which have no other effect, are as if never sent.
func (o open) takeAll() (changes []Change) {
	for xid, p := range o {
		for _, c := range p.changes {
			if c.Message == nil {
				changes = append(changes, c)
			}
		}
		delete(o, xid)
	}
	slices.SortStableFunc(changes, byPlace)
	return changes
}

// oldest is where the oldest open transaction begins; at if none is open.
func (o open) oldest(at wal.LSN) wal.LSN {
	for _, p := range o {
		at = min(at, p.first)
	}
	return at
}

func byPlace(a, b Change) int {
	switch {
	case a.LSN < b.LSN:
		return -1
	case a.LSN > b.LSN:
		return 1
	}
	return 0
}
