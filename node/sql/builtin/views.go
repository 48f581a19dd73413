package builtin

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// view makes a view of a list.
func view[T any](name string, cols []rmgr.Column, list func() []T, values func(T) []any) sql.View {
	return sql.View{Name: name, Columns: cols, Rows: func(_ context.Context, row func(...any) error) error {
		for _, v := range list() {
			if err := row(values(v)...); err != nil {
				return err
			}
		}
		return nil
	}}
}

func views(n Node) []sql.View {
	var list []sql.View
	if n.Activity != nil {
		list = append(list, activityView(n))
	}
	list = append(list, settingsView())
	if n.Functions != nil {
		list = append(list, view("redoubt_functions", columns("name", rmgr.Text, "signature", rmgr.Text, "writes", rmgr.Bool), n.Functions,
			func(f *rmgr.Function) []any { return []any{f.Name, sql.Signature(f), f.Write != nil} }))
	}
	if n.Replicas != nil {
		list = append(list, replicationView(n))
	}
	if n.Slots != nil {
		list = append(list, slotsView(n))
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
	return list
}

func activityView(n Node) sql.View {
	return view("pg_stat_activity", columns("datname", rmgr.Text, "pid", rmgr.Int4, "usename", rmgr.Text, "application_name", rmgr.Text,
		"client_addr", rmgr.Text, "client_port", rmgr.Int4, "backend_start", rmgr.Timestamptz, "query_start", rmgr.Timestamptz,
		"state_change", rmgr.Timestamptz, "state", rmgr.Text, "query", rmgr.Text, "backend_type", rmgr.Text),
		n.Activity, func(a sql.Activity) []any {
			return []any{
				a.Database, int64(a.PID), a.User, a.ApplicationName, nullText(a.ClientAddr), nullInt(int64(a.ClientPort), 0),
				nullTime(a.Start), nullTime(a.QueryStart), nullTime(a.StateChange), a.State, a.Query, a.BackendType,
			}
		})
}

// settingsView shows what SHOW ALL shows, with the session's own values.
func settingsView() sql.View {
	return sql.View{
		Name: "pg_settings", Columns: columns("name", rmgr.Text, "setting", rmgr.Text, "short_desc", rmgr.Text),
		Rows: func(ctx context.Context, row func(...any) error) error {
			s := sql.FromContext(ctx)
			if s == nil {
				return failure("55000", "pg_settings needs a session")
			}
			for _, v := range s.AllSettings() {
				if err := row(v.Name, v.Value, v.Description); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func replicationView(n Node) sql.View {
	return view("pg_stat_replication", columns("pid", rmgr.Int4, "usename", rmgr.Text, "application_name", rmgr.Text, "client_addr", rmgr.Text,
		"client_port", rmgr.Int4, "backend_start", rmgr.Timestamptz, "state", rmgr.Text, "sent_lsn", rmgr.PgLSN, "write_lsn", rmgr.PgLSN,
		"flush_lsn", rmgr.PgLSN, "replay_lsn", rmgr.PgLSN, "write_lag", rmgr.Text, "flush_lag", rmgr.Text, "replay_lag", rmgr.Text,
		"sync_priority", rmgr.Int4, "sync_state", rmgr.Text, "reply_time", rmgr.Timestamptz),
		n.Replicas, func(r Replica) []any {
			return []any{
				int64(r.PID), r.User, r.ApplicationName, nullText(r.ClientAddr), nullInt(int64(r.ClientPort), 0), nullTime(r.Start), r.State,
				nullLSN(r.Sent), nullLSN(r.Write), nullLSN(r.Flush), nullLSN(r.Replay), interval(r.WriteLag), interval(r.FlushLag), interval(r.ReplyLag),
				int64(r.Priority), r.SyncState, nullTime(r.ReplyTime),
			}
		})
}

func slotsView(n Node) sql.View {
	return view("pg_replication_slots", columns("slot_name", rmgr.Text, "plugin", rmgr.Text, "slot_type", rmgr.Text, "database", rmgr.Text,
		"temporary", rmgr.Bool, "active", rmgr.Bool, "active_pid", rmgr.Int4, "restart_lsn", rmgr.PgLSN, "confirmed_flush_lsn", rmgr.PgLSN,
		"wal_status", rmgr.Text, "safe_wal_size", rmgr.Int8),
		n.Slots, func(s Slot) []any {
			return []any{
				s.Name, nullText(s.Plugin), s.Type, nullText(s.Database), s.Temporary, s.Active, nullInt(int64(s.ActivePID), 0),
				nullLSN(s.Restart), nullLSN(s.ConfirmedFlush), nullText(s.WALStatus), nullInt(s.SafeWALSize, -1),
			}
		})
}

func walView(n Node) sql.View {
	return view("pg_stat_wal", columns("wal_records", rmgr.Int8, "wal_fpi", rmgr.Int8, "wal_bytes", rmgr.Int8, "wal_buffers_full", rmgr.Int8,
		"wal_write", rmgr.Int8, "wal_sync", rmgr.Int8, "wal_write_time", rmgr.Float8, "wal_sync_time", rmgr.Float8, "stats_reset", rmgr.Timestamptz),
		func() []WAL { return []WAL{n.WAL()} }, func(w WAL) []any {
			return []any{
				w.Records, w.FullPageImages, w.Bytes, w.BuffersFull, w.Write, w.Sync,
				w.WriteTime.Seconds() * 1000, w.SyncTime.Seconds() * 1000, nullTime(w.Reset),
			}
		})
}

func receiverView(n Node) sql.View {
	one := func() []Receiver {
		if r, ok := n.Receiver(); ok {
			return []Receiver{r}
		}
		return nil
	}
	return view("pg_stat_wal_receiver", columns("pid", rmgr.Int4, "status", rmgr.Text, "receive_start_lsn", rmgr.PgLSN, "receive_start_tli", rmgr.Int4,
		"written_lsn", rmgr.PgLSN, "flushed_lsn", rmgr.PgLSN, "received_tli", rmgr.Int4, "last_msg_send_time", rmgr.Timestamptz,
		"last_msg_receipt_time", rmgr.Timestamptz, "latest_end_lsn", rmgr.PgLSN, "latest_end_time", rmgr.Timestamptz, "slot_name", rmgr.Text,
		"sender_host", rmgr.Text, "sender_port", rmgr.Int4, "conninfo", rmgr.Text),
		one, func(r Receiver) []any {
			return []any{
				int64(r.PID), r.Status, nullLSN(r.StartLSN), int64(r.StartTimeline), nullLSN(r.Written), nullLSN(r.Flushed), int64(r.Timeline),
				nullTime(r.LastSend), nullTime(r.LastReceipt), nullLSN(r.LatestEnd), nullTime(r.LatestEndTime), nullText(r.Slot),
				nullText(r.SenderHost), nullInt(int64(r.SenderPort), 0), r.Conninfo,
			}
		})
}

func modulesView(n Node) sql.View {
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

func censusView(n Node) sql.View {
	cols := columns("holder", rmgr.Text, "name", rmgr.Text, "from_lsn", rmgr.PgLSN, "to_lsn", rmgr.PgLSN,
		"rmgr_id", rmgr.Int4, "rmgr", rmgr.Text, "module", rmgr.Text, "format", rmgr.Int4, "records", rmgr.Int8,
		"first_lsn", rmgr.PgLSN, "last_lsn", rmgr.PgLSN, "unknown_because", rmgr.Text)
	return sql.View{Name: "redoubt_wal_census", Columns: cols, Rows: func(ctx context.Context, row func(...any) error) error {
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
