package catalog

import (
	"context"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A Catalog says what exists. It is asked from many goroutines; what it returns is not changed.
type Catalog interface {
	// Function finds a function by its lower-case name. If no function of that name takes nargs
	// arguments, it may return another one of that name, for the error message.
	Function(name string, nargs int) (*rmgr.Function, bool)

	View(name string) (*View, bool)

	// ViewName is the name of the view with a number.
	ViewName(oid int64) (string, bool)

	// Setting is the value of one of the node's settings; those that a session may change are kept
	// by the session itself and need not be known here, but give its start value if they are.
	Setting(name string) (string, bool)

	// Settings lists the node's settings for SHOW ALL.
	Settings() []Setting

	// Generation is another number after each change of the node's settings: a reload reaches sessions
	// that are there already.
	Generation() uint64

	// Module says what is known of a module: CREATE EXTENSION asks.
	Module(name string) ModuleState
}

// A View is a source of rows with fixed columns: pg_stat_replication, redoubt_modules.
type View struct {
	OID     int64 // in pg_class; AddViews gives one
	Name    string
	Columns []rmgr.Column

	// Rows calls row once per row; row must not keep the slice, and its error ends Rows.
	Rows func(ctx context.Context, row func(...any) error) error
}

// A Setting is one line of SHOW ALL.
type Setting struct {
	Name        string
	Value       string
	Description string
}

// ModuleState is whether a module's functions can be called.
type ModuleState int

const (
	ModuleUnknown ModuleState = iota // this build has no such module
	ModuleOff                        // built in, but preload_modules does not list it
	ModuleLoaded
)
