package sql

import (
	"fmt"
	"unicode/utf8"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A Condition is what a client is told: an SQLSTATE and the words.
type Condition = rmgr.Error

// An Error is an error as PostgreSQL reports it: a condition and where in the query it is.
type Error struct {
	Condition
	Position int // in characters from 1; 0 if the error has no place
}

func (e *Error) Unwrap() error { return &e.Condition }

// SQLSTATEs (errcodes.txt).
const (
	codeSyntax              = "42601"
	codeNotSupported        = "0A000"
	codeUndefinedFunction   = "42883"
	codeUndefinedTable      = "42P01"
	codeUndefinedColumn     = "42703"
	codeAmbiguousColumn     = "42702"
	codeDuplicateAlias      = "42712"
	codeCardinality         = "21000"
	codeInvalidRegex        = "2201B"
	codeUndefinedObject     = "42704"
	codeUndefinedParameter  = "42P02"
	codeDatatypeMismatch    = "42804"
	codeIndeterminateType   = "42P18"
	codeGrouping            = "42803"
	codeOutOfRange          = "22003"
	codeInvalidValue        = "22023"
	codeCannotChange        = "55P02"
	codeReadOnly            = "25006"
	codeFailedTransaction   = "25P02"
	codeActiveTransaction   = "25001"
	codeNoTransaction       = "25P01"
	codeProgramLimit        = "54000"
	codeNoStatement         = "26000"
	codeDuplicateStatement  = "42P05"
	codeDuplicateObject     = "42710"
	codeInvalidRowCount     = "2201W"
	codeInvalidRowOffset    = "2201X"
	codeProtocolViolation   = "08P01"
	codeInternal            = "XX000"
	codeSuccessfulWithNotes = "01000"
)

func errorf(code, format string, args ...any) *Error {
	return &Error{Condition: Condition{Code: code, Message: fmt.Sprintf(format, args...)}}
}

func (e *Error) hint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

func (e *Error) detail(format string, args ...any) *Error {
	e.Detail = fmt.Sprintf(format, args...)
	return e
}

// at places the error at a byte offset of the query, unless it has a place already.
func (e *Error) at(query string, offset int) *Error {
	if e.Position == 0 && offset >= 0 && offset <= len(query) {
		e.Position = utf8.RuneCountInString(query[:offset]) + 1
	}
	return e
}

// A Notice is a message to the client beside the result.
type Notice struct {
	Severity string // NOTICE or WARNING
	Condition
}
