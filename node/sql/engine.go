package sql

import (
	"context"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A Caller runs functions: a module's or the server's. Calls come from many goroutines. An error
// that row returned comes back so that errors.Is finds it. Functions find the session that calls
// them with [FromContext].
type Caller interface {
	// Call returns the end of what the function wrote to the log, 0 if it wrote nothing. The change
	// need not be durable yet: that is the Committer's task. Errors of type *rmgr.Error carry
	// their SQLSTATE to the client.
	Call(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) (wal.LSN, error)
}

// A Committer waits until log is as safe as a level of synchronous_commit demands: "off", "local",
// "remote_write", "on" or "remote_apply".
type Committer interface {
	// Commit returns when the log up to lsn is as safe as level says. When ctx ends first it
	// returns with a warning, not an error, if the write is there and safe on this node but not
	// known to be on others. An error means that the write must not be acknowledged.
	Commit(ctx context.Context, lsn wal.LSN, level string) (warning *Condition, err error)
}

// A Catalog says what exists. It is asked from many goroutines; what it returns is not changed.
type Catalog interface {
	// Function finds a function by its lower-case name. If no function of that name takes nargs
	// arguments, it may return another one of that name, for the error message.
	Function(name string, nargs int) (*rmgr.Function, bool)

	View(name string) (*View, bool)

	// ViewName is the name of the view with a number.
	ViewName(oid int64) (string, bool)

	// Setting is the value of one of the node's settings; those that a session may change are kept
	// by the Session itself and need not be known here, but give its start value if they are.
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

// An Engine is what all sessions of a node share.
type Engine struct {
	Catalog   Catalog
	Caller    Caller
	Committer Committer

	// ServerVersion is what clients are told: it begins with "15.", because PostgreSQL 15's tools
	// refuse other majors. "15.18 (Redoubt)" if empty.
	ServerVersion string

	// Checkpoint runs CHECKPOINT; nil refuses it.
	Checkpoint func(ctx context.Context) error

	// InRecovery reports whether the node is a standby: clients are told as in_hot_standby. It is
	// asked before every ReadyForQuery; nil means never.
	InRecovery func() bool

	// ResultMemory bounds what one statement may hold when it sorts or fetches in parts: 64 MiB if 0.
	ResultMemory int
}
