package segment

import (
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Options say where a log is and how it behaves. FS, Dir and SystemID are required.
type Options struct {
	FS          vfs.FS
	Dir         string         // pg_wal
	SegmentSize uint32         // bytes; 0: 16 MiB
	SystemID    uint64         // in every segment's first page
	Timeline    wal.TimelineID // what Timeline says before the log is started; 0: 1
	MinSize     int64          // bytes of recycled segments kept at least (min_wal_size); 0: 5 segments
	MaxSize     int64          // bytes of log between checkpoints to provide for (max_wal_size); 0: 64 segments
	NoRecycle   bool           // old segments are removed, never renamed (wal_recycle = off)
	NoZero      bool           // new segments are not filled with zeros first (wal_init_zero = off)
	BufferSize  int            // bytes of log held in memory before they are written; 0: 2 MiB, which stay in the processors' caches

	// Go starts a background task: make the next segment, write full buffers. nil: the caller that
	// needs it does it itself.
	Go func(func())

	// MaySwitch calls the function it is given, which inserts an XLOG_SWITCH, if a record may be inserted now that
	// nobody asked for. Leaders of groups ask when so little is left of a segment that the next group would
	// lie over its end. nil: never.
	MaySwitch func(func())
}

func (o Options) withDefaults() Options {
	if o.SegmentSize == 0 {
		o.SegmentSize = wal.DefaultSegmentSize
	}
	if o.Timeline == 0 {
		o.Timeline = 1
	}
	if o.MinSize == 0 {
		o.MinSize = 5 * int64(o.SegmentSize)
	}
	if o.MaxSize == 0 {
		o.MaxSize = 64 * int64(o.SegmentSize)
	}
	if o.BufferSize == 0 {
		o.BufferSize = 2 << 20
	}
	return o
}

func (o Options) validate() error {
	switch {
	case o.FS == nil || o.Dir == "":
		return errors.New("open log: no file system or directory given")
	case !wal.ValidSegmentSize(uint64(o.SegmentSize)):
		return fmt.Errorf("open log: segment size %d: want a power of two from 1 MiB to 1 GiB", o.SegmentSize)
	case o.BufferSize < 2*wal.PageSize || o.BufferSize&(o.BufferSize-1) != 0:
		return fmt.Errorf("open log: buffer size %d: want a power of two of at least 16 KiB", o.BufferSize)
	}
	return nil
}
