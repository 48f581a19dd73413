package builtin

import (
	"context"

	"github.com/redoubt-wal/redoubt/rmgr"
)

func adminFunctions(n Node) []rmgr.Function {
	var list []rmgr.Function
	pid := columns("pid", rmgr.Int4)
	signal := func(name string, fn func(int32) bool) {
		if fn != nil {
			list = append(list, scalar(name, rmgr.Bool, pid, func(_ context.Context, args []any) (any, error) {
				return fn(int32(args[0].(int64))), nil
			}))
		}
	}
	signal("pg_cancel_backend", n.Cancel)
	signal("pg_terminate_backend", n.Terminate)
	if n.Reload != nil {
		list = append(list, scalar("pg_reload_conf", rmgr.Bool, nil, func(context.Context, []any) (any, error) { return true, n.Reload() }))
	}
	if n.Promote != nil {
		f := scalar("pg_promote", rmgr.Bool, columns("wait", rmgr.Bool, "wait_seconds", rmgr.Int4), func(ctx context.Context, args []any) (any, error) {
			return true, n.Promote(ctx, args[0].(bool), args[1].(int64))
		})
		f.Defaults = []any{true, int64(60)}
		list = append(list, f)
	}
	if n.Managers != nil {
		list = append(list, managersFunction(n))
	}
	return append(list, slotFunctions(n)...)
}

func managersFunction(n Node) rmgr.Function {
	return rmgr.Function{
		Name: "pg_get_wal_resource_managers", Set: true, Returns: columns("rm_id", rmgr.Int4, "rm_name", rmgr.Text, "rm_builtin", rmgr.Bool),
		Call: func(_ context.Context, _ rmgr.Session, _ []any, row func(...any) error) error {
			for _, m := range n.Managers() {
				if err := row(int64(m.ID), m.Name, m.BuiltIn); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
