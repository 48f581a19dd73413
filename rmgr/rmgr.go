package rmgr

import (
	"io"
	"log/slog"

	"github.com/redoubt-wal/redoubt/wal"
)

// A Manager replays and describes the records of one RmgrID. Methods are called from one goroutine
// at a time per node, except Identify and Describe, which any goroutine may call, and what a Pagewise
// promises.
type Manager interface {
	// Name is the manager's name (rm_name): not empty, unique in a table without regard to case.
	Name() string

	// Redo applies rec (rm_redo). On the primary rec has no place in the log yet: LSN, End, Prev, Total and
	// Xid are zero. An error means that nothing of rec may stay applied: during
	// replay it stops the node (a standby pauses), on the primary it refuses the write.
	Redo(ctx RedoContext, rec *wal.Record) error

	// Identify names the operation from the upper four bits of xl_info (rm_identify), as "PUT";
	// "" if it is unknown. It does not contain the manager's name.
	Identify(info uint8) string
}

// A Describer prints a record's contents for people (rm_desc). It must not panic on hostile bytes.
type Describer interface {
	Describe(w io.Writer, rec *wal.Record)
}

// A Starter is called once before the first record is replayed (rm_startup); not if there is none.
type Starter interface{ Startup() error }

// A Cleaner is called once after the last record of recovery (rm_cleanup).
type Cleaner interface{ Cleanup() error }

// A Masker blanks what may legitimately differ between a logged and a replayed page (rm_mask).
type Masker interface {
	Mask(page []byte, block uint32)
}

// A Decoder turns a record into logical changes (rm_decode).
type Decoder interface {
	Decode(rec *wal.Record, format Format, emit func(Change)) error
}

// A Change is one logical change as decoding clients see it.
type Change struct {
	Action  string         // "insert", "update", "delete", "message", or a manager's own word
	Object  string         // what it concerns: "kv", "ledger.account"
	Columns map[string]any // strings, int64, bool, []byte, nil
}

// RedoAction says what Redo has to do with a page (XLogReadBufferForRedo).
type RedoAction int

const (
	NeedsRedo RedoAction = iota // apply the change to the page
	Restored                    // the page came from its image; leave it
	Done                        // the page already has the change; leave it
	NotFound                    // the relation or page is gone: a later record removed it
)

// RedoContext is what a record's Redo may touch.
type RedoContext interface {
	// Block returns the page of rec's block reference id, locked, and what to do with it. For a
	// WillInit block the page is zeroed and the action NeedsRedo. The engine sets the page LSN and
	// marks the page dirty after Redo returned nil. The slice is valid until Redo returns.
	Block(rec *wal.Record, id uint8) (page []byte, action RedoAction, err error)

	// Keep says that Redo is about to change b, a part of a page that Block has returned: its bytes
	// are put back if Redo fails. Only a Keeper has to call it.
	Keep(b []byte)

	// Format is the record format in force for rec's manager at rec's position in the log.
	Format() Format

	// Replaying is false while the primary applies a record it is about to log, and true in crash
	// recovery and on a standby.
	Replaying() bool

	// Signal asks the process that replays to signal itself after this record (SIGHUP 1, SIGINT 2,
	// SIGKILL 9, SIGTERM 15). For the signal module.
	Signal(sig int, reason string) error

	Log() *slog.Logger
}
