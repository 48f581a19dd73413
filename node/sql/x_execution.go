package sql

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// An execution is the state of a running statement.
type execution struct {
	root  *execution // the statement's own; that of a subquery is another
	run   func(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) error
	limit int // of bytes that keepers may hold together

	ctx     context.Context
	args    []any             // parameters
	emit    func([]any) error // takes a row of the result; does not keep it
	source  []any             // the current row of FROM
	outer   [][]any           // those of the SELECTs around a subquery, the nearest last
	totals  []any             // of aggregates
	out     []any             // the row being built
	value   any               // what the last call returned
	capture func(...any) error
	rows    int
	held    int // bytes that keepers hold, a subquery's too
}

// prepareExecution makes x ready for statements: run calls a function, and limit bounds what is held for one statement.
func (x *execution) prepareExecution(run func(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) error, limit int) {
	x.root, x.run, x.limit = x, run, limit
	x.capture = func(values ...any) error {
		switch len(values) {
		case 0:
		case 1:
			x.value = values[0]
		default:
			var err error
			x.value, err = datum.RecordText(values)
			return err
		}
		return nil
	}
}

// begin starts a statement, and end forgets what it was about.
func (x *execution) begin(ctx context.Context, args []any, emit func([]any) error) {
	x.ctx, x.args, x.emit, x.held = ctx, args, emit, 0
}

func (x *execution) end() {
	x.ctx, x.args, x.emit, x.source, x.totals, x.value = nil, nil, nil, nil, nil, nil
}

// alive fails every so often if the statement was cancelled.
func (x *execution) alive(step int) error {
	if step%64 == 0 && x.ctx.Err() != nil {
		return context.Cause(x.ctx)
	}
	return nil
}
