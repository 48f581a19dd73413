package sql

import (
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// Bind turns the parameters of a Bind message into values. format gives a parameter's format
// code, 0 for text and 1 for binary; a nil parameter is NULL.
func (p *Prepared) Bind(params [][]byte, format func(i int) int16) ([]any, error) {
	if len(params) != len(p.Params) {
		return nil, ereport.Errorf(ereport.CodeProtocolViolation, "bind message supplies %d parameters, but prepared statement \"%s\" requires %d", len(params), p.name, len(p.Params))
	}
	if len(params) == 0 {
		return nil, nil
	}
	args := make([]any, len(params))
	for i, b := range params {
		if b == nil {
			continue
		}
		var err error
		switch code := format(i); code {
		case 0:
			args[i], err = p.bindText(i, b)
		case 1:
			args[i], err = bindBinary(i, p.Params[i], b)
		default:
			err = ereport.Errorf(ereport.CodeInvalidValue, "unsupported format code: %d", code)
		}
		if err != nil {
			return nil, err
		}
	}
	return args, nil
}

func (p *Prepared) bindText(i int, b []byte) (any, error) {
	s := string(b)
	if err := parser.CheckEncoding(s); err != nil {
		return nil, parserError(err)
	}
	if p.types[i] == rmgr.Text {
		return s, nil
	}
	return datum.ParseText(p.types[i], s)
}

func bindBinary(i int, oid uint32, b []byte) (any, error) {
	v, err := datum.ParseBinary(oid, b)
	var e *rmgr.Error
	if errors.As(err, &e) && e.Code == ereport.CodeInvalidBinary {
		e.Message += fmt.Sprintf(" in bind parameter %d", i+1)
	}
	if s, text := v.(string); text {
		err = parserError(parser.CheckEncoding(s))
	}
	return v, err
}
