package sql

import "errors"

// Parse cuts a query string into its statements and parses each. If any is wrong, none is
// returned, as in PostgreSQL. Statements that are empty are left out. Errors are of type *Error.
func Parse(query string) ([]*Statement, error) {
	list, err := parseAll(query)
	return list, parserError(err)
}

// ParseOne parses a string of at most one statement, as the extended protocol demands. Errors are of type *Error.
func ParseOne(query string) (*Statement, error) {
	s, err := parseOne(query)
	return s, parserError(err)
}

// parserError is a parser's error as clients are told it.
func parserError(err error) error {
	var e *ParseError
	if !errors.As(err, &e) {
		return err
	}
	return &Error{Condition: Condition{Code: e.Code, Message: e.Message, Hint: e.Hint}, Position: e.Position}
}
