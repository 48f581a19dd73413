package checkpoint

import "github.com/redoubt-wal/redoubt/wal"

// A Horizon is what keeps old log.
type Horizon struct {
	Redo     wal.LSN   // of the last finished checkpoint: crash recovery needs what follows
	End      wal.LSN   // of the log
	KeepSize int64     // bytes of log behind End to keep for standbys (wal_keep_size)
	Needed   []wal.LSN // what slots and running backups need; zeros are passed over
}

// Before is the position that log must end at or before to be given up.
func (h Horizon) Before() wal.LSN {
	before := h.Redo
	if h.KeepSize > 0 {
		if uint64(h.KeepSize) >= uint64(h.End) {
			return 0
		}
		before = min(before, h.End-wal.LSN(h.KeepSize))
	}
	for _, lsn := range h.Needed {
		if lsn != wal.InvalidLSN {
			before = min(before, lsn)
		}
	}
	return before
}
