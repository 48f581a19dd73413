package builtin

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// slotFunctions have PostgreSQL 15's names, arguments, columns and errors.
func slotFunctions(n Node) []rmgr.Function {
	if n.Slot == nil {
		return nil
	}
	made := columns("slot_name", datum.Name, "lsn", rmgr.PgLSN)
	drop := scalar("pg_drop_replication_slot", datum.Void, columns("slot_name", rmgr.Text), func(ctx context.Context, args []any) (any, error) {
		return "", n.Slot.DropSlot(pidOf(ctx), args[0].(string))
	})
	return append([]rmgr.Function{
		{
			Name: "pg_create_physical_replication_slot", Strict: true, Returns: made, Defaults: []any{false, false},
			Args: columns("slot_name", rmgr.Text, "immediately_reserve", rmgr.Bool, "temporary", rmgr.Bool),
			Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				at, err := n.Slot.CreatePhysicalSlot(pidOf(ctx), args[0].(string), args[1].(bool), args[2].(bool))
				if err != nil {
					return err
				}
				return row(args[0], nullLSN(at))
			},
		},
		{
			Name: "pg_create_logical_replication_slot", Strict: true, Returns: made, Defaults: []any{false, false},
			Args: columns("slot_name", rmgr.Text, "plugin", rmgr.Text, "temporary", rmgr.Bool, "twophase", rmgr.Bool),
			Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				if args[3].(bool) {
					return &rmgr.Error{Code: "0A000", Message: "two-phase decoding is not supported", Detail: "There are no prepared transactions here."}
				}
				at, err := n.Slot.CreateLogicalSlot(ctx, pidOf(ctx), args[0].(string), args[1].(string), args[2].(bool))
				if err != nil {
					return err
				}
				return row(args[0], at)
			},
		},
		{
			Name: "pg_replication_slot_advance", Strict: true, Returns: columns("slot_name", datum.Name, "end_lsn", rmgr.PgLSN),
			Args: columns("slot_name", rmgr.Text, "upto_lsn", rmgr.PgLSN),
			Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				at, err := n.Slot.AdvanceSlot(ctx, pidOf(ctx), args[0].(string), args[1].(wal.LSN))
				if err != nil {
					return err
				}
				return row(args[0], at)
			},
		},
		drop,
	}, changesFunctions(n)...)
}

func pidOf(ctx context.Context) int32 {
	if s := sql.FromContext(ctx); s != nil {
		return s.Identity().PID
	}
	return 0
}

// changesFunctions read a logical slot: get moves it, peek does not; the binary ones show bytes.
func changesFunctions(n Node) []rmgr.Function {
	var list []rmgr.Function
	for _, f := range []struct {
		name string
		peek bool
		data rmgr.Type
	}{
		{"pg_logical_slot_get_changes", false, rmgr.Text}, {"pg_logical_slot_get_binary_changes", false, rmgr.Bytea},
		{"pg_logical_slot_peek_changes", true, rmgr.Text}, {"pg_logical_slot_peek_binary_changes", true, rmgr.Bytea},
	} {
		list = append(list, rmgr.Function{
			Name: f.name, Set: true, Variadic: true, Returns: columns("lsn", rmgr.PgLSN, "xid", datum.Xid, "data", f.data),
			Args: columns("slot_name", rmgr.Text, "upto_lsn", rmgr.PgLSN, "upto_nchanges", rmgr.Int4, "options", rmgr.Text),
			Call: func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error {
				read, err := slotRead(args)
				if err != nil {
					return err
				}
				read.Peek = f.peek
				return n.Slot.ReadSlot(ctx, pidOf(ctx), read, func(lsn wal.LSN, xid uint32, data []byte) error {
					if f.data == rmgr.Bytea {
						return row(lsn, int64(xid), data)
					}
					return row(lsn, int64(xid), string(data))
				})
			},
		})
	}
	return list
}

func slotRead(args []any) (SlotRead, error) {
	var r SlotRead
	name, ok := args[0].(string)
	if !ok {
		return r, failure("22004", "slot name must not be null")
	}
	upTo, _ := args[1].(wal.LSN)
	rows, _ := args[2].(int64)
	r = SlotRead{Slot: name, UpTo: upTo, Rows: int(rows)}
	for _, o := range args[3:] {
		text, ok := o.(string)
		if !ok {
			return r, failure("0A000", "array must not contain nulls")
		}
		r.Options = append(r.Options, text)
	}
	if len(r.Options)%2 != 0 {
		return r, failure("0A000", "array must have even number of elements")
	}
	return r, nil
}
