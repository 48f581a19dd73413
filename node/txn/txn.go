package txn

import (
	"sync"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// firstNormal is the lowest xid that a transaction can have; those below have meanings of their own.
const firstNormal = 3

// Xids hands out transaction IDs. Any number of goroutines may use it.
type Xids struct {
	mu   sync.Mutex
	next uint64 // epoch<<32 | xid
}

// Reset makes next the next ID: what a checkpoint says.
func (x *Xids) Reset(next uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.next = next
}

// Next is the ID that the next transaction will have, for a checkpoint.
func (x *Xids) Next() uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.next
}

// Assign gives a new transaction its ID.
func (x *Xids) Assign() uint32 {
	x.mu.Lock()
	defer x.mu.Unlock()
	if uint32(x.next) < firstNormal {
		x.next = x.next&^0xFFFFFFFF | firstNormal
	}
	xid := uint32(x.next)
	x.next++
	return xid
}

// Advance moves past the IDs that a checkpoint record says were given out.
func (x *Xids) Advance(next uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.next = max(x.next, next)
}

// Seen moves past an ID met in the log (AdvanceNextFullTransactionIdPastXid).
func (x *Xids) Seen(xid uint32) {
	if xid < firstNormal {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if ahead := int32(xid - uint32(x.next)); ahead >= 0 {
		x.next += uint64(ahead) + 1
	}
}

// Micros is a time as records have it: microseconds since 2000-01-01 UTC.
func Micros(t time.Time) int64 { return t.UnixMicro() - wal.EpochMicros }

// Commit builds the COMMIT record of a transaction into b.
func Commit(b *wal.Builder, xid uint32, at time.Time) error {
	main, info := wal.XactEnd{Time: Micros(at)}.Append(nil)
	b.Begin(wal.RmgrTransaction, wal.XactCommit|info)
	b.SetXid(xid)
	b.AddMain(main)
	return b.Finish()
}
