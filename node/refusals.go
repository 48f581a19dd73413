package node

import (
	"errors"
	"fmt"
	"net/http"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// refusal is an answer with HTTP 409: the node's state does not allow it.
func refusal(code, format string, args ...any) *api.Error {
	return &api.Error{Code: code, Message: fmt.Sprintf(format, args...), HTTP: http.StatusConflict}
}

func badRequest(message string) *api.Error {
	return &api.Error{Code: "BadRequest", Message: message, HTTP: http.StatusBadRequest}
}

func fencedAbove(what string, asked, promised wal.TimelineID) *api.Error {
	return refusal("FencedAbove", "cannot %s timeline %d: this node has promised timeline %d", what, asked, promised)
}

func unavailable(s state) *api.Error {
	return &api.Error{Code: "NotReady", Message: fmt.Sprintf("the node is %s; try again", s.role), HTTP: http.StatusServiceUnavailable}
}

// sqlState is the SQLSTATE of an error that has one.
func sqlState(err error) string {
	if e, ok := errors.AsType[*rmgr.Error](err); ok {
		return e.Code
	}
	return ""
}
