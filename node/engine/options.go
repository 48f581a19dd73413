package engine

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Options of an engine. Dir, FS, Now and Table are required.
type Options struct {
	Dir   string
	FS    vfs.FS
	Now   func() time.Time
	Log   *slog.Logger // nil: silence
	Table *rmgr.Table  // sealed, with the modules that are preloaded

	// Signal is how a replayed record asks this process to signal itself; log says which. nil: nothing happens.
	Signal func(log *slog.Logger, sig int, reason string) error
	// Retain is the oldest LSN that replication slots need, 0 if none. It is asked before log is
	// given up; what begins at kept is not, whatever slots need.
	Retain func(kept wal.LSN) wal.LSN
	// Slots are the holders to be listed in the census besides pg_wal; their records are filled in.
	Slots func() []control.Holder

	SharedBuffers       int           // pages; 0: 16384 (128 MiB)
	RedoWorkers         int           // that replay what is in the log at a start; 0: a processor each, at most 4
	FullPageWrites      bool          // images against torn pages; off only on a file system that tears none
	WALCompression      string        // "", "off", "pglz" ("on"), "lz4", "zstd"
	MaxWALSize          int64         // bytes between checkpoints; 0: 1 GiB
	MinWALSize          int64         // bytes of recycled segments; 0: 80 MiB
	WALKeepSize         int64         // bytes of old log kept for standbys
	NoWALRecycle        bool          // old segments are removed, never renamed
	NoWALInitZero       bool          // new segments are not filled with zeros first
	CheckpointTimeout   time.Duration // 0: 5 minutes
	CheckpointTarget    float64       // share of the time to the next checkpoint that one takes; 0: at once
	CheckpointLevel     slog.Level    // of the lines about checkpoints; 0: Info
	ConsistencyChecking []string      // managers' names, or "all"
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Signal == nil {
		o.Signal = func(*slog.Logger, int, string) error { return nil }
	}
	if o.Retain == nil {
		o.Retain = func(wal.LSN) wal.LSN { return wal.InvalidLSN }
	}
	if o.Slots == nil {
		o.Slots = func() []control.Holder { return nil }
	}
	if o.SharedBuffers == 0 {
		o.SharedBuffers = 16384
	}
	if o.RedoWorkers == 0 {
		o.RedoWorkers = min(4, runtime.GOMAXPROCS(0))
	}
	if o.MaxWALSize == 0 {
		o.MaxWALSize = 1 << 30
	}
	if o.MinWALSize == 0 {
		o.MinWALSize = 80 << 20
	}
	if o.CheckpointTimeout == 0 {
		o.CheckpointTimeout = 5 * time.Minute
	}
	return o
}

// InitOptions describe a new cluster. Table is required.
type InitOptions struct {
	SegmentSize uint32 // bytes, a power of two from 1 MiB to 1 GiB; 0: 16 MiB
	SystemID    uint64 // 0: made of Now and Nonce
	Now         time.Time
	Table       *rmgr.Table
	Nonce       [32]byte // random

	// Files are put into the directory, by name, before it counts as one: settings that must not be
	// missing from it.
	Files map[string][]byte
}
