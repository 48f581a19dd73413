package pgwire

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/rmgr"
)

const (
	severityError = "ERROR"
	severityFatal = "FATAL"
)

func condition(code, format string, args ...any) *rmgr.Error {
	return &rmgr.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// What ends a session or a statement from outside.
var (
	errAdminShutdown    = condition("57P01", "terminating connection due to administrator command")
	errShuttingDown     = condition("57P03", "the database system is shutting down")
	errCanceled         = condition("57014", "canceling statement due to user request")
	errStatementTimeout = condition("57014", "canceling statement due to statement timeout")
	errTooMany          = condition("53300", "sorry, too many clients already")
)

// errorResponse makes the client's form of an error. One without an SQLSTATE is XX000.
func errorResponse(severity string, err error) *pgproto3.ErrorResponse {
	r := &pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: "XX000", Message: err.Error()}
	var placed *ereport.Error
	if errors.As(err, &placed) {
		r.Position = int32(placed.Position)
	}
	var c *rmgr.Error
	switch {
	case errors.As(err, &c):
		r.Message, r.Detail, r.Hint = c.Message, c.Detail, c.Hint
		if len(c.Code) == 5 {
			r.Code = c.Code
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		r.Code, r.Message = errCanceled.Code, errCanceled.Message
	}
	return r
}
