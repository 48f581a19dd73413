package basebackup

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// FetchOptions say what to copy, and to where.
type FetchOptions struct {
	Upstream replication.Upstream
	SystemID uint64         // refused if the upstream's differs; 0: any
	Promise  wal.TimelineID // refused if the upstream's own timeline is below; 0: any
	FS       vfs.FS
	Dir      string // must not exist or be empty; the copy grows in Dir+".tmp"
	Label    string // "": redoubt base backup
	Standby  bool   // leave a standby.signal
	Slot     string // not "": created on the upstream, from where the copy's log begins

	// Progress, if not nil, is told the bytes copied and, roughly, to copy.
	Progress func(done, total int64)
}

// A Result says what was copied.
type Result struct {
	SystemID    uint64
	Timeline    wal.TimelineID
	Start, Stop wal.LSN // the log that makes the copy consistent; it is part of it
	Bytes       int64
}

// Fetch copies a running node's data directory with the log that it needs, verifies it against its
// manifest, makes it durable and moves it to Dir as the last step. After a failure or a crash Dir is
// as it was, and the next Fetch begins anew.
func Fetch(ctx context.Context, o FetchOptions) (Result, error) { panic("not yet") }
