package builtin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func walFunctions(n Node) []rmgr.Function {
	list := []rmgr.Function{
		scalar("pg_wal_lsn_diff", datum.Numeric, columns("lsn1", rmgr.PgLSN, "lsn2", rmgr.PgLSN), func(_ context.Context, args []any) (any, error) {
			return datum.LSNDistance(args[0].(wal.LSN), args[1].(wal.LSN))
		}),
	}
	if n.InRecovery == nil {
		return list
	}
	list = append(list, told("pg_is_in_recovery", rmgr.Bool, func() any { return n.InRecovery() }))
	for name, position := range map[string]func() wal.LSN{
		"pg_current_wal_lsn": n.WriteLSN, "pg_current_wal_insert_lsn": n.InsertLSN, "pg_current_wal_flush_lsn": n.FlushLSN,
	} {
		if position != nil {
			list = append(list, scalar(name, rmgr.PgLSN, nil, func(context.Context, []any) (any, error) {
				if n.InRecovery() {
					return nil, errInRecovery
				}
				return position(), nil
			}))
		}
	}
	for name, position := range map[string]func() wal.LSN{"pg_last_wal_receive_lsn": n.ReceiveLSN, "pg_last_wal_replay_lsn": n.ReplayLSN} {
		if position != nil {
			list = append(list, told(name, rmgr.PgLSN, func() any { return nullLSN(position()) }))
		}
	}
	if n.ReplayTime != nil {
		list = append(list, told("pg_last_xact_replay_timestamp", rmgr.Timestamptz, func() any { return nullTime(n.ReplayTime()) }))
	}
	if n.Paused != nil {
		list = append(list, pauseFunctions(n)...)
	}
	if n.RestorePoint != nil {
		list = append(list, scalar("pg_create_restore_point", rmgr.PgLSN, columns("", rmgr.Text), func(ctx context.Context, args []any) (any, error) {
			return restorePoint(ctx, n, args[0].(string))
		}))
	}
	if n.Timeline != nil && n.SegmentSize != nil {
		list = append(list, segmentFunctions(n)...)
	}
	if n.SwitchWAL != nil {
		list = append(list, scalar("pg_switch_wal", rmgr.PgLSN, nil, func(ctx context.Context, _ []any) (any, error) {
			if n.InRecovery() {
				return nil, errInRecovery
			}
			lsn, err := n.SwitchWAL(ctx)
			return lsn, err
		}))
	}
	return list
}

// pauseFunctions tell of pauses; nobody can ask for one.
func pauseFunctions(n Node) []rmgr.Function {
	state := func(name string, typ rmgr.Type, show func(paused bool) any) rmgr.Function {
		return scalar(name, typ, nil, func(context.Context, []any) (any, error) {
			if !n.InRecovery() {
				return nil, &rmgr.Error{Code: "55000", Message: "recovery is not in progress", Hint: "Recovery control functions can only be executed during recovery."}
			}
			return show(n.Paused()), nil
		})
	}
	return []rmgr.Function{
		state("pg_is_wal_replay_paused", rmgr.Bool, func(paused bool) any { return paused }),
		state("pg_get_wal_replay_pause_state", rmgr.Text, func(paused bool) any {
			if paused {
				return "paused"
			}
			return "not paused"
		}),
	}
}

func restorePoint(ctx context.Context, n Node, name string) (any, error) {
	switch {
	case n.InRecovery():
		return nil, errInRecovery
	case len(name) >= wal.RestorePointNameSize:
		return nil, failure("22023", "value too long for restore point (maximum %d characters)", wal.RestorePointNameSize-1)
	}
	lsn, err := n.RestorePoint(ctx, name)
	return lsn, err
}

var errInRecovery = &rmgr.Error{Code: "55000", Message: "recovery is in progress", Hint: "WAL control functions cannot be executed during recovery."}

func segmentFunctions(n Node) []rmgr.Function {
	lsn := columns("lsn", rmgr.PgLSN)
	return []rmgr.Function{
		scalar("pg_walfile_name", rmgr.Text, lsn, func(_ context.Context, args []any) (any, error) {
			if n.InRecovery() {
				return nil, errInRecovery
			}
			return segmentName(n, args[0].(wal.LSN)), nil
		}),
		{
			Name: "pg_walfile_name_offset", Args: lsn, Strict: true, Returns: columns("file_name", rmgr.Text, "file_offset", rmgr.Int4),
			Call: func(_ context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				if n.InRecovery() {
					return errInRecovery
				}
				at := args[0].(wal.LSN)
				return row(segmentName(n, at), int64(uint64(at)%uint64(n.SegmentSize())))
			},
		},
	}
}

// segmentName is the segment that holds the byte before at, as in PostgreSQL 15.
func segmentName(n Node, at wal.LSN) string {
	size := uint64(n.SegmentSize())
	number := (uint64(at) - 1) / size
	per := uint64(1) << 32 / size
	return fmt.Sprintf("%08X%08X%08X", uint32(n.Timeline()), uint32(number/per), uint32(number%per))
}

// interval shows a lag as PostgreSQL shows an interval below a day; NULL if it is not known.
func interval(d time.Duration) any {
	if d < 0 {
		return nil
	}
	d = d.Round(time.Microsecond)
	text := fmt.Sprintf("%02d:%02d:%09.6f", int(d.Hours()), int(d.Minutes())%60, (d % time.Minute).Seconds())
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
