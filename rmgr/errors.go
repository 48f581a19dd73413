package rmgr

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
)

// A NotRegisteredError says that the log has a record of a manager that this node has not loaded.
type NotRegisteredError struct {
	ID      wal.RmgrID
	LSN     wal.LSN // the first such record, 0 if not known
	Module  string  // as the MODULES record names it, "" if not known
	Version string
}

// Error is PostgreSQL's sentence.
func (e *NotRegisteredError) Error() string {
	return fmt.Sprintf("resource manager with ID %d not registered", e.ID)
}

// Hint says what to load.
func (e *NotRegisteredError) Hint() string {
	hint := "Include the module that implements this resource manager in preload_modules."
	switch {
	case e.Module != "" && e.Version != "":
		hint = fmt.Sprintf("Include module %q, version %s, which implements this resource manager, in preload_modules.", e.Module, e.Version)
	case e.Module != "":
		hint = fmt.Sprintf("Include module %q, which implements this resource manager, in preload_modules.", e.Module)
	}
	if e.LSN != wal.InvalidLSN {
		hint += fmt.Sprintf(" The first record that needs it is at %s.", e.LSN)
	}
	return hint
}
