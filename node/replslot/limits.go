package replslot

import (
	"github.com/redoubt-wal/redoubt/wal"
)

// Limits say what log slots may hold back.
type Limits struct {
	Now   wal.LSN // end of the log
	Keep  int64   // max_slot_wal_keep_size in bytes; -1: no limit
	Usual int64   // max_wal_size: what is there anyway
}

// Status is pg_replication_slots.wal_status: what becomes of the log that a slot needs.
//
//	reserved    it is within max_wal_size
//	extended    it is kept for the slot's sake
//	unreserved  it is beyond max_slot_wal_keep_size: the next checkpoint gives the slot up
//	lost        the slot was given up
//	""          the slot needs none
func (l Limits) Status(s Slot) string {
	left, limited := l.Left(s)
	switch {
	case s.InvalidatedAt != 0:
		return "lost"
	case s.RestartLSN == 0:
		return ""
	case limited && left < 0:
		return "unreserved"
	case l.behind(s) > l.Usual:
		return "extended"
	}
	return "reserved"
}

// Left is safe_wal_size: how much may still be written before the slot may be given up. limited is
// false if that never happens, or has happened.
func (l Limits) Left(s Slot) (left int64, limited bool) {
	if l.Keep < 0 || s.RestartLSN == 0 {
		return 0, false
	}
	return l.Keep - l.behind(s), true
}

// GiveUp is the position before which slots lose the log that they need (KeepLogSeg): that of whole
// segments which are beyond Keep, and not kept anyway from kept on. 0: nothing is lost.
func (l Limits) GiveUp(kept wal.LSN, segSize uint32) wal.LSN {
	if l.Keep < 0 || uint64(l.Now) <= uint64(l.Keep) {
		return 0
	}
	return min(kept, l.Now-wal.LSN(l.Keep)) &^ wal.LSN(segSize-1)
}

func (l Limits) behind(s Slot) int64 { return max(int64(l.Now)-int64(s.RestartLSN), 0) }
