package builtin

import (
	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// Every role is the one superuser, and there is one database: as initdb numbers them.
const (
	superuser = int64(10)
	database  = int64(5)
)

func activityView(n Node) catalog.View {
	return view("pg_stat_activity", columns("datid", datum.Oid, "datname", datum.Name, "pid", rmgr.Int4, "leader_pid", rmgr.Int4, "usesysid", datum.Oid,
		"usename", datum.Name, "application_name", rmgr.Text, "client_addr", datum.Inet, "client_hostname", rmgr.Text, "client_port", rmgr.Int4,
		"backend_start", rmgr.Timestamptz, "xact_start", rmgr.Timestamptz, "query_start", rmgr.Timestamptz, "state_change", rmgr.Timestamptz,
		"wait_event_type", rmgr.Text, "wait_event", rmgr.Text, "state", rmgr.Text, "backend_xid", datum.Xid, "backend_xmin", datum.Xid,
		"query_id", rmgr.Int8, "query", rmgr.Text, "backend_type", rmgr.Text),
		n.Activity, func(a sql.Activity) []any {
			var datid any
			if a.Database != "" {
				datid = database
			}
			return []any{
				datid, nullText(a.Database), int64(a.PID), nil, superuser,
				a.User, a.ApplicationName, nullText(a.ClientAddr), nil, clientPort(a.ClientAddr, a.ClientPort),
				nullTime(a.Start), nullTime(a.XactStart), nullTime(a.QueryStart), nullTime(a.StateChange),
				nil, nil, a.State, nil, nil,
				nil, a.Query, a.BackendType,
			}
		})
}

// clientPort is -1 for a Unix-domain socket, as in PostgreSQL.
func clientPort(addr string, port int) any {
	if addr == "" {
		return int64(-1)
	}
	return int64(port)
}
