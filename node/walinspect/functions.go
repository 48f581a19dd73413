package walinspect

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/recordtext"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrdesc"
	"github.com/redoubt-wal/redoubt/wal"
)

// Functions are those of pg_walinspect over the log that open opens.
func Functions(table *rmgr.Table, open Opener) []rmgr.Function {
	return append([]rmgr.Function{recordFunction(table, open)}, append(append(recordsFunctions(table, open), statsFunctions(table, open)...), blocksFunction(table, open))...)
}

// text is one call's: it is not for concurrent use.
func text(table *rmgr.Table) *recordtext.Text {
	return &recordtext.Text{Table: table, Printer: rmgrdesc.Printer{Server: true}}
}

var (
	startLSN = rmgr.Column{Name: "start_lsn", Type: rmgr.PgLSN}
	endLSN   = rmgr.Column{Name: "end_lsn", Type: rmgr.PgLSN}
)

type row = func(...any) error

func recordFunction(table *rmgr.Table, open Opener) rmgr.Function {
	return rmgr.Function{
		Name: "pg_get_wal_record_info", Args: []rmgr.Column{{Name: "in_lsn", Type: rmgr.PgLSN}}, Strict: true, Returns: recordColumns,
		Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
			t := text(table)
			return open.one(ctx, args[0].(wal.LSN), func(rec *wal.Record) error { return recordRow(t, rec, row) })
		},
	}
}

func recordsFunctions(table *rmgr.Table, open Opener) []rmgr.Function {
	show := func(row row) func(*wal.Record) error {
		t := text(table)
		return func(rec *wal.Record) error { return recordRow(t, rec, row) }
	}
	return []rmgr.Function{
		{
			Name: "pg_get_wal_records_info", Args: []rmgr.Column{startLSN, endLSN}, Strict: true, Set: true, Returns: recordColumns,
			Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				return open.each(ctx, args[0].(wal.LSN), args[1].(wal.LSN), show(row))
			},
		},
		{
			Name: "pg_get_wal_records_info_till_end_of_wal", Args: []rmgr.Column{startLSN}, Strict: true, Set: true, Returns: recordColumns,
			Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				return open.eachUpTo(ctx, args[0].(wal.LSN), tillEnd, show(row))
			},
		},
	}
}

func statsFunctions(table *rmgr.Table, open Opener) []rmgr.Function {
	perRecord := rmgr.Column{Name: "per_record", Type: rmgr.Bool}
	type walk = func(ctx context.Context, from, to wal.LSN, fn func(*wal.Record) error) error
	show := func(ctx context.Context, each walk, from, to wal.LSN, perRecord bool, row row) error {
		tally := &recordtext.Tally{}
		if err := each(ctx, from, to, func(rec *wal.Record) error { tally.Add(rec); return nil }); err != nil {
			return err
		}
		return statRows(tally, text(table), perRecord, row)
	}
	return []rmgr.Function{
		{
			Name: "pg_get_wal_stats", Args: []rmgr.Column{startLSN, endLSN, perRecord}, Defaults: []any{false}, Strict: true, Set: true, Returns: statColumns,
			Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				return show(ctx, open.each, args[0].(wal.LSN), args[1].(wal.LSN), args[2].(bool), row)
			},
		},
		{
			Name: "pg_get_wal_stats_till_end_of_wal", Args: []rmgr.Column{startLSN, perRecord}, Defaults: []any{false}, Strict: true, Set: true, Returns: statColumns,
			Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				return show(ctx, open.eachUpTo, args[0].(wal.LSN), tillEnd, args[1].(bool), row)
			},
		},
	}
}

// blocksFunction is 16's, where an end that lies in the future is the end of the log.
func blocksFunction(table *rmgr.Table, open Opener) rmgr.Function {
	return rmgr.Function{
		Name: "pg_get_wal_block_info", Args: []rmgr.Column{startLSN, endLSN, {Name: "show_data", Type: rmgr.Bool}}, Defaults: []any{true},
		Strict: true, Set: true, Returns: blockColumns,
		Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
			t, blocks := text(table), blockRows{data: args[2].(bool)}
			return open.eachUpTo(ctx, args[0].(wal.LSN), args[1].(wal.LSN), func(rec *wal.Record) error { return blocks.show(t, rec, row) })
		},
	}
}
