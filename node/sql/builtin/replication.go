package builtin

import (
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func replicationView(n Node) catalog.View {
	return view("pg_stat_replication", columns("pid", rmgr.Int4, "usesysid", datum.Oid, "usename", datum.Name, "application_name", rmgr.Text,
		"client_addr", datum.Inet, "client_hostname", rmgr.Text, "client_port", rmgr.Int4, "backend_start", rmgr.Timestamptz, "backend_xmin", datum.Xid,
		"state", rmgr.Text, "sent_lsn", rmgr.PgLSN, "write_lsn", rmgr.PgLSN, "flush_lsn", rmgr.PgLSN, "replay_lsn", rmgr.PgLSN,
		"write_lag", datum.Interval, "flush_lag", datum.Interval, "replay_lag", datum.Interval,
		"sync_priority", rmgr.Int4, "sync_state", rmgr.Text, "reply_time", rmgr.Timestamptz),
		n.Replicas, func(r Replica) []any {
			return []any{
				int64(r.PID), superuser, r.User, r.ApplicationName,
				nullText(r.ClientAddr), nil, clientPort(r.ClientAddr, r.ClientPort), nullTime(r.Start), nil,
				r.State, nullLSN(r.Sent), nullLSN(r.Write), nullLSN(r.Flush), nullLSN(r.Replay),
				interval(r.WriteLag), interval(r.FlushLag), interval(r.ReplayLag),
				int64(r.Priority), r.SyncState, nullTime(r.ReplyTime),
			}
		})
}

func slotsView(n Node) catalog.View {
	return view("pg_replication_slots", columns("slot_name", datum.Name, "plugin", datum.Name, "slot_type", rmgr.Text, "datoid", datum.Oid, "database", datum.Name,
		"temporary", rmgr.Bool, "active", rmgr.Bool, "active_pid", rmgr.Int4, "xmin", datum.Xid, "catalog_xmin", datum.Xid,
		"restart_lsn", rmgr.PgLSN, "confirmed_flush_lsn", rmgr.PgLSN, "wal_status", rmgr.Text, "safe_wal_size", rmgr.Int8, "two_phase", rmgr.Bool),
		n.Slots, func(s Slot) []any {
			var datoid any
			if s.Database != "" {
				datoid = database
			}
			return []any{
				s.Name, nullText(s.Plugin), s.Type, datoid, nullText(s.Database),
				s.Temporary, s.Active, nullInt(int64(s.ActivePID), 0), nil, nil, // rows have no versions, so nothing is held back by xid
				nullLSN(s.Restart), nullLSN(s.ConfirmedFlush), nullText(s.WALStatus), nullInt(s.SafeWALSize, NoLimit), false,
			}
		})
}

// slotStatsView is there for who joins it by habit: nothing is spilled or streamed, and nothing counted.
func slotStatsView(n Node) catalog.View {
	logical := func() (out []Slot) {
		for _, s := range n.Slots() {
			if s.Type == "logical" {
				out = append(out, s)
			}
		}
		return out
	}
	return view("pg_stat_replication_slots", columns("slot_name", rmgr.Text, "spill_txns", rmgr.Int8, "spill_count", rmgr.Int8, "spill_bytes", rmgr.Int8,
		"stream_txns", rmgr.Int8, "stream_count", rmgr.Int8, "stream_bytes", rmgr.Int8, "total_txns", rmgr.Int8, "total_bytes", rmgr.Int8, "stats_reset", rmgr.Timestamptz),
		logical, func(s Slot) []any {
			zero := int64(0)
			return []any{s.Name, zero, zero, zero, zero, zero, zero, nil, nil, nil}
		})
}

func receiverView(n Node) catalog.View {
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
				int64(r.PID), r.Status, nullLSN(r.StartLSN), int64(r.StartTimeline),
				nullLSN(r.Written), nullLSN(r.Flushed), int64(r.Timeline), nullTime(r.LastSend),
				nullTime(r.LastReceipt), nullLSN(r.LatestEnd), nullTime(r.LatestEndTime), nullText(r.Slot),
				nullText(r.SenderHost), nullInt(int64(r.SenderPort), 0), r.Conninfo,
			}
		})
}
