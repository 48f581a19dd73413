package sql

import (
	"fmt"
	"unicode/utf8"
)

// A ParseError says what is wrong with a query, and where.
type ParseError struct {
	Code          string // SQLSTATE
	Message, Hint string
	Position      int // in characters from 1; 0 if the error has no place
}

func (e *ParseError) Error() string { return e.Message }

// SQLSTATEs (errcodes.txt).
const (
	pcodeSyntax             = "42601"
	pcodeNotSupported       = "0A000"
	pcodeUndefinedObject    = "42704"
	pcodeUndefinedParameter = "42P02"
	pcodeInvalidSchema      = "3F000"
	pcodeInvalidEscape      = "22025"
	pcodeBadEncoding        = "22021"
	pcodeProgramLimit       = "54000"
	pcodeTooComplex         = "54001"
)

func perrorf(code, format string, args ...any) *ParseError {
	return &ParseError{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *ParseError) hint(format string, args ...any) *ParseError {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// at places the error at a byte offset of the query, unless it has a place already.
func (e *ParseError) at(query string, offset int) *ParseError {
	if e.Position == 0 && offset >= 0 && offset <= len(query) {
		e.Position = utf8.RuneCountInString(query[:offset]) + 1
	}
	return e
}
