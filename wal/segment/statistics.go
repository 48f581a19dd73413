package segment

import "sync/atomic"

// Statistics count since Open what pg_stat_wal counts.
type Statistics struct {
	Records int64 // inserted here; what a standby receives is not counted
	Images  int64 // of pages in them
	Bytes   int64 // of these records, without page headers and alignment
	Writes  int64 // calls that handed log to the operating system
	Syncs   int64
}

// counters are Statistics as they grow.
type counters struct {
	records, images, bytes int64 // guarded by Log.mu
	writes                 atomic.Int64
}

// Statistics tells the counters. Any goroutine may ask.
func (l *Log) Statistics() Statistics {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &l.counters
	return Statistics{Records: c.records, Images: c.images, Bytes: c.bytes, Writes: c.writes.Load(), Syncs: int64(l.syncs.Load())}
}
