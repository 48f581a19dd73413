package sql_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/builtin"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

var manager = wal.RmgrID(251)

// A bench is an engine whose functions note how they were called.
type bench struct {
	calls  []string
	lsn    wal.LSN
	levels []string
	warn   *ereport.Condition
}

func (b *bench) Call(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) (wal.LSN, error) {
	if len(b.calls) < 1000 {
		b.calls = append(b.calls, fn.Name)
	}
	if err := fn.Call(ctx, nil, args, row); err != nil || fn.Write == nil {
		return 0, err
	}
	b.lsn += 8
	return b.lsn, nil
}

func (b *bench) Commit(_ context.Context, _ wal.LSN, level string) (*ereport.Condition, error) {
	b.levels = append(b.levels, level)
	return b.warn, nil
}

func (b *bench) session(t testing.TB, with ...func(*catalog.Registry)) *sql.Session {
	t.Helper()
	echo := func(_ context.Context, _ rmgr.Session, args []any, row func(...any) error) error { return row(args[0]) }
	one := func(typ rmgr.Type) []rmgr.Column { return []rmgr.Column{{Name: "v", Type: typ}} }
	r := &catalog.Registry{Node: func() []catalog.Setting { return []catalog.Setting{{Name: "port", Value: "5432"}} }}
	if err := errors.Join(r.AddFunctions(
		rmgr.Function{Name: "put", Args: one(rmgr.Text), Returns: one(rmgr.Text), Write: &manager, Call: echo},
		rmgr.Function{Name: "strict", Args: one(rmgr.Int8), Returns: one(rmgr.Int8), Strict: true, Call: echo},
		rmgr.Function{Name: "lax", Args: one(rmgr.Int8), Returns: one(rmgr.Int8), Call: echo},
		rmgr.Function{Name: "pair", Returns: []rmgr.Column{{Name: "a", Type: rmgr.Int8}, {Name: "b"}}, Set: true, Call: func(_ context.Context, _ rmgr.Session, _ []any, row func(...any) error) error {
			for i, s := range []any{"x", nil, "y"} {
				if err := row(int64(i+1), s); err != nil {
					return err
				}
			}
			return nil
		}},
	), builtin.Register(r, builtin.Node{Now: func() time.Time { return time.Unix(0, 0) }})); err != nil {
		t.Fatal(err)
	}
	for _, w := range with {
		w(r)
	}
	e := &sql.Engine{Catalog: r, Caller: b, Committer: b, ResultMemory: 1 << 20}
	s, err := e.NewSession(sql.Identity{User: "me", PID: 7}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// do runs a query string in a session and shows its rows, or its error as "code: message".
func do(s *sql.Session, query string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ctx = sql.NewContext(ctx, s)
	list, err := sql.Parse(query)
	var rows []string
	for _, st := range list {
		var p *sql.Prepared
		if p, err = s.Prepare(st, nil); err != nil {
			break
		}
		_, err = s.Execute(ctx, p, make([]any, len(p.Params)), func(row []any) error {
			var cells []string
			for i, v := range row {
				cell := []byte("NULL")
				if v != nil {
					var err error
					if cell, err = datum.AppendText(nil, p.Columns[i].Type, v); err != nil {
						return err
					}
				}
				cells = append(cells, string(cell))
			}
			rows = append(rows, strings.Join(cells, ","))
			return nil
		})
		if err != nil {
			break
		}
	}
	for _, n := range s.Notices() {
		rows = append(rows, n.Severity+" "+n.Code)
	}
	if err != nil {
		s.Fail()
		rows = append(rows, show(err))
	}
	return strings.Join(rows, "; ")
}

func show(err error) string {
	var e *rmgr.Error
	if errors.As(err, &e) {
		return e.Code + ": " + e.Message
	}
	return fmt.Sprint("error without a code: ", err)
}
