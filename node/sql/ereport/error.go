package ereport

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

// Errorf makes an error without a place.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Condition: Condition{Code: code, Message: fmt.Sprintf(format, args...)}}
}

// WithHint gives the error a hint, and returns it.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// WithDetail gives the error a detail, and returns it.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = fmt.Sprintf(format, args...)
	return e
}

// At places the error at a byte offset of the query, unless it has a place already.
func (e *Error) At(query string, offset int) *Error {
	if e.Position == 0 && offset >= 0 && offset <= len(query) {
		e.Position = utf8.RuneCountInString(query[:offset]) + 1
	}
	return e
}
