package guc

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// SQLSTATEs (errcodes.txt).
const (
	codeInvalidValue = "22023"
	codeNotSupported = "0A000"
	codeProgramLimit = "54000"
)

func errorf(code, format string, args ...any) *rmgr.Error {
	return &rmgr.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func withHint(e *rmgr.Error, hint string) *rmgr.Error {
	e.Hint = hint
	return e
}
