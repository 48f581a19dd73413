package sql

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// SQLSTATEs (errcodes.txt).
const (
	dcodeDivisionByZero = "22012"
	dcodeInternal       = "XX000"
	dcodeInvalidBinary  = "22P03"
	dcodeInvalidText    = "22P02"
	dcodeInvalidTime    = "22007"
	dcodeInvalidValue   = "22023"
	dcodeNotSupported   = "0A000"
	dcodeOutOfRange     = "22003"
	dcodeTimeRange      = "22008"
)

func derrorf(code, format string, args ...any) *rmgr.Error {
	return &rmgr.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
