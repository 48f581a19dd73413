package parser

import (
	"fmt"
	"unicode/utf8"
)

// An Error says what is wrong with a query, and where.
type Error struct {
	Code          string // SQLSTATE
	Message, Hint string
	Position      int // in characters from 1; 0 if the error has no place
}

func (e *Error) Error() string { return e.Message }

// SQLSTATEs (errcodes.txt).
const (
	codeSyntax             = "42601"
	codeNotSupported       = "0A000"
	codeUndefinedObject    = "42704"
	codeUndefinedParameter = "42P02"
	codeInvalidSchema      = "3F000"
	codeInvalidEscape      = "22025"
	codeBadEncoding        = "22021"
	codeProgramLimit       = "54000"
	codeTooComplex         = "54001"
)

func errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) hint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// at places the error at a byte offset of the query, unless it has a place already.
func (e *Error) at(query string, offset int) *Error {
	if e.Position == 0 && offset >= 0 && offset <= len(query) {
		e.Position = utf8.RuneCountInString(query[:offset]) + 1
	}
	return e
}
