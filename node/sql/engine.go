package sql

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
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
	Commit(ctx context.Context, lsn wal.LSN, level string) (warning *ereport.Condition, err error)
}

// An Engine is what all sessions of a node share.
type Engine struct {
	Catalog   catalog.Catalog
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
