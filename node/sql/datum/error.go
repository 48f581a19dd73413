package datum

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// SQLSTATEs (errcodes.txt).
const (
	codeProtocolViolation = "08P01"
	codeDivisionByZero    = "22012"
	codeInternal          = "XX000"
	codeInvalidEscape     = "22025"
	codeInvalidBinary     = "22P03"
	codeInvalidText       = "22P02"
	codeInvalidTime       = "22007"
	codeInvalidValue      = "22023"
	codeNotSupported      = "0A000"
	codeOutOfRange        = "22003"
	codeTimeRange         = "22008"
)

func errorf(code, format string, args ...any) *rmgr.Error {
	return &rmgr.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
