package engine

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

var (
	errClosed     = &rmgr.Error{Code: "57P01", Message: "the node is shutting down"}
	errInRecovery = &rmgr.Error{Code: "25006", Message: "cannot write during recovery", Hint: "Send writes to the primary."}
	errNotReady   = &rmgr.Error{Code: "57P03", Message: "the database system is not yet accepting connections", Detail: "Consistent recovery state has not been yet reached."}
)

// errImageless ends a backup from a standby that may have torn pages, in PostgreSQL's words.
func errImageless(when string) error {
	return &rmgr.Error{Code: "55000", Message: "WAL generated with full_page_writes=off was replayed " + when,
		Hint: "This means that the backup being taken on the standby is corrupt and should not be used. Enable full_page_writes and run CHECKPOINT on the primary, and then try an online backup again."}
}

// errNoRoom is what a client is told when the disk is full.
func errNoRoom(cause error) error {
	return &rmgr.Error{Code: "53100", Message: "no space left on device for the log or a page", Detail: cause.Error(),
		Hint: "Nothing was changed. Free space, or let slots advance that hold back old log."}
}

// logError turns what the log says into what callers of the engine can act on; a failed log fails the
// engine.
func (e *Engine) logError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, segment.ErrNoSpace):
		return errNoRoom(err)
	case errors.Is(err, segment.ErrClosed):
		return errClosed
	case errors.Is(err, segment.ErrFailed):
		return e.fail(err)
	}
	return err
}

// A refusal to write records of a manager.
func errNotLoaded(id wal.RmgrID) error {
	return &rmgr.Error{Code: "55000", Message: fmt.Sprintf("resource manager with ID %d is not preloaded", id),
		Hint: "Include the module that implements it in preload_modules."}
}

func errRetiring(module string) error {
	return &rmgr.Error{Code: "55000", Message: fmt.Sprintf("module %q is retiring and takes no new records", module),
		Hint: "Set its state back to Active in the WALCluster, or stop writing with it."}
}

// poolError is pageError, and the failure of a log that could not be flushed for a page.
func (e *Engine) poolError(err error) error {
	if errors.Is(err, segment.ErrFailed) {
		return e.fail(err)
	}
	return pageError(err)
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// pageError says to a client why a page could not be had.
func pageError(err error) error {
	switch {
	case isFull(err):
		return errNoRoom(err)
	case errors.Is(err, page.ErrInvalid):
		return &rmgr.Error{Code: "XX001", Message: err.Error(), Hint: "The data file is damaged: clone this node anew from another."}
	case errors.Is(err, syscall.EIO):
		return &rmgr.Error{Code: "58030", Message: err.Error(), Hint: "The disk could not read or write the block: look at the kernel's log, and clone this node anew from another if it stays so."}
	case errors.Is(err, buffer.ErrNoBuffers):
		return &rmgr.Error{Code: "53200", Message: err.Error()}
	}
	return err
}
