package sql

import (
	"errors"

	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
)

// Parse cuts a query string into its statements and parses each. If any is wrong, none is
// returned, as in PostgreSQL. Statements that are empty are left out. Errors are of type *Error.
func Parse(query string) ([]*parser.Statement, error) {
	list, err := parser.Parse(query)
	return list, parserError(err)
}

// ParseOne parses a string of at most one statement, as the extended protocol demands. Errors are of type *Error.
func ParseOne(query string) (*parser.Statement, error) {
	s, err := parser.ParseOne(query)
	return s, parserError(err)
}

// parserError is a parser's error as clients are told it.
func parserError(err error) error {
	var e *parser.Error
	if !errors.As(err, &e) {
		return err
	}
	return &ereport.Error{Condition: ereport.Condition{Code: e.Code, Message: e.Message, Hint: e.Hint}, Position: e.Position}
}
