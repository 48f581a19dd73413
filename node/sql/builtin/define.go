package builtin

import (
	"context"
	"fmt"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// columns makes columns of pairs "name type".
func columns(pairs ...any) []rmgr.Column {
	list := make([]rmgr.Column, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, rmgr.Column{Name: pairs[i].(string), Type: pairs[i+1].(rmgr.Type)})
	}
	return list
}

// scalar is a strict function of one value that needs neither pages nor log.
func scalar(name string, returns rmgr.Type, args []rmgr.Column, fn func(ctx context.Context, args []any) (any, error)) rmgr.Function {
	return rmgr.Function{
		Name: name, Args: args, Strict: true, Returns: []rmgr.Column{{Name: name, Type: returns}},
		Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
			v, err := fn(ctx, args)
			if err != nil {
				return err
			}
			return row(v)
		},
	}
}

// fromSession is a function without arguments that the session answers.
func fromSession(name string, returns rmgr.Type, fn func(s *sql.Session) any) rmgr.Function {
	return scalar(name, returns, nil, func(ctx context.Context, _ []any) (any, error) {
		s := sql.FromContext(ctx)
		if s == nil {
			return nil, failure("55000", "%s() needs a session", name)
		}
		return fn(s), nil
	})
}

// told is a function without arguments that a callback answers.
func told(name string, returns rmgr.Type, fn func() any) rmgr.Function {
	return scalar(name, returns, nil, func(context.Context, []any) (any, error) { return fn(), nil })
}

func failure(code, format string, args ...any) *rmgr.Error {
	return &rmgr.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// What is not there is NULL.

func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func nullLSN(l wal.LSN) any {
	if l == wal.InvalidLSN {
		return nil
	}
	return l
}

func nullTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

func nullInt(n int64, null int64) any {
	if n == null {
		return nil
	}
	return n
}
