package rmgr

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/wal"
)

// A PanicError is a manager's panic in Redo, as an error: a bug in a module must not take what it was
// about with it. The caller puts the pages back as for every other error.
type PanicError struct {
	Manager string
	Record  string // what Identify says
	LSN     wal.LSN
	Value   any // what was passed to panic
}

func (e *PanicError) Error() string {
	at := "a new record"
	if e.LSN != wal.InvalidLSN {
		at = "the record at " + e.LSN.String()
	}
	return fmt.Sprintf("redo of %s/%s panicked on %s: %v; this is a bug in the module that has this resource manager", e.Manager, e.Record, at, e.Value)
}

// Redo calls m.Redo; a panic becomes a *PanicError.
func Redo(m Manager, ctx RedoContext, rec *wal.Record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Manager: m.Name(), Record: m.Identify(rec.Info), LSN: rec.LSN, Value: p}
		}
	}()
	return m.Redo(ctx, rec)
}

// Describe lets m describe rec if it can. After a panic the description says so and ends: it is
// printed beside errors, and must not hide them.
func Describe(m Manager, w io.Writer, rec *wal.Record) {
	d, ok := m.(Describer)
	if !ok {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(w, "(the description panicked: %v)", p)
		}
	}()
	d.Describe(w, rec)
}

// Startup calls m.Startup if m is a Starter; a panic becomes an error.
func Startup(m Manager) (err error) {
	defer catch(m, "startup", &err)
	if s, ok := m.(Starter); ok {
		return s.Startup()
	}
	return nil
}

// Cleanup calls m.Cleanup if m is a Cleaner; a panic becomes an error.
func Cleanup(m Manager) (err error) {
	defer catch(m, "cleanup", &err)
	if c, ok := m.(Cleaner); ok {
		return c.Cleanup()
	}
	return nil
}

func catch(m Manager, what string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s of resource manager %s panicked: %v; this is a bug in the module that has it", what, m.Name(), p)
	}
}
