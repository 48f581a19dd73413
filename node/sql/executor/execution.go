package executor

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// An Execution is the state of a running statement; a session has one and uses it for all its statements, one after
// another.
type Execution struct {
	root  *Execution // the statement's own; that of a subquery is another
	run   func(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) error
	limit int // of bytes that keepers may hold together

	Context context.Context
	Args    []any             // parameters
	Emit    func([]any) error // takes a row of the result; does not keep it
	source  []any             // the current row of FROM
	outer   [][]any           // those of the SELECTs around a subquery, the nearest last
	totals  []any             // of aggregates
	out     []any             // the row being built
	value   any               // what the last call returned
	capture func(...any) error
	rows    int
	held    int // bytes that keepers hold, a subquery's too
}

// Init makes x ready for statements: run calls a function and hands each of its rows to row, and limit bounds the bytes
// that are held for one statement.
func (x *Execution) Init(run func(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) error, limit int) {
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

// Begin starts a statement with the values of its parameters. emit takes each row and does not keep it.
func (x *Execution) Begin(ctx context.Context, args []any, emit func([]any) error) {
	x.Context, x.Args, x.Emit, x.held = ctx, args, emit, 0
}

// End forgets what the statement was about.
func (x *Execution) End() {
	x.Context, x.Args, x.Emit, x.source, x.totals, x.value = nil, nil, nil, nil, nil, nil
}

// alive fails every so often if the statement was cancelled.
func (x *Execution) alive(step int) error {
	if step%64 == 0 && x.Context.Err() != nil {
		return context.Cause(x.Context)
	}
	return nil
}
