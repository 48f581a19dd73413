package builtin

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// view makes a view of a list.
func view[T any](name string, cols []rmgr.Column, list func() []T, values func(T) []any) catalog.View {
	return catalog.View{Name: name, Columns: cols, Rows: func(_ context.Context, row func(...any) error) error {
		for _, v := range list() {
			if err := row(values(v)...); err != nil {
				return err
			}
		}
		return nil
	}}
}

func views(n Node) []catalog.View {
	var list []catalog.View
	if n.Activity != nil {
		list = append(list, activityView(n))
	}
	list = append(list, settingsView(n))
	if n.CheckpointStats != nil {
		list = append(list, bgwriterView(n))
	}
	list = append(list, archiverView(n))
	if n.Functions != nil {
		list = append(list, view("redoubt_functions", columns("name", rmgr.Text, "signature", rmgr.Text, "writes", rmgr.Bool), n.Functions,
			func(f *rmgr.Function) []any { return []any{f.Name, catalog.Signature(f), f.Write != nil} }))
	}
	if n.Replicas != nil {
		list = append(list, replicationView(n))
	}
	if n.Slots != nil {
		list = append(list, slotsView(n), slotStatsView(n))
	}
	if n.WAL != nil {
		list = append(list, walView(n))
	}
	if n.Receiver != nil {
		list = append(list, receiverView(n))
	}
	if n.Modules != nil {
		list = append(list, modulesView(n))
	}
	if n.Census != nil {
		list = append(list, censusView(n))
	}
	return append(list, catalogViews(n)...)
}

func modulesView(n Node) catalog.View {
	return view("redoubt_modules", columns("module", rmgr.Text, "version", rmgr.Text, "loaded", rmgr.Bool, "retiring", rmgr.Bool,
		"rmgr_id", rmgr.Int4, "rmgr", rmgr.Text, "format", rmgr.Int4, "writes_min", rmgr.Int4, "writes_max", rmgr.Int4,
		"replays_min", rmgr.Int4, "replays_max", rmgr.Int4),
		n.Modules, func(m Module) []any {
			row := []any{m.Name, m.Version, m.Loaded, m.Retiring, nil, nil, nil, nil, nil, nil, nil}
			if !m.NoManager {
				copy(row[4:], []any{
					int64(m.Rmgr), m.RmgrName, nullInt(int64(m.Format), 0), int64(m.Writes.Min), int64(m.Writes.Max),
					int64(m.Replays.Min), int64(m.Replays.Max),
				})
			}
			return row
		})
}

func censusView(n Node) catalog.View {
	cols := columns("holder", rmgr.Text, "name", rmgr.Text, "from_lsn", rmgr.PgLSN, "to_lsn", rmgr.PgLSN,
		"rmgr_id", rmgr.Int4, "rmgr", rmgr.Text, "module", rmgr.Text, "format", rmgr.Int4, "records", rmgr.Int8,
		"first_lsn", rmgr.PgLSN, "last_lsn", rmgr.PgLSN, "unknown_because", rmgr.Text)
	return catalog.View{Name: "redoubt_wal_census", Columns: cols, Rows: func(ctx context.Context, row func(...any) error) error {
		lines, err := n.Census(ctx)
		for _, c := range lines {
			if err := row(censusRow(c)...); err != nil {
				return err
			}
		}
		return err
	}}
}

func censusRow(c CensusLine) []any {
	row := []any{c.Holder, nullText(c.Name), nullLSN(c.From), nullLSN(c.To), nil, nil, nil, nil, nil, nil, nil, nullText(c.Reason)}
	if c.Reason == "" {
		copy(row[4:], []any{
			int64(c.Rmgr), nullText(c.RmgrName), nullText(c.Module), int64(c.Format), c.Count, nullLSN(c.First), nullLSN(c.Last),
		})
	}
	return row
}
