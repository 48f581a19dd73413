package builtin

import (
	"context"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func sessionFunctions(n Node) []rmgr.Function {
	list := []rmgr.Function{
		fromSession("current_user", datum.Name, func(s *sql.Session) any { return s.Identity().User }),
		fromSession("session_user", datum.Name, func(s *sql.Session) any { return s.Identity().User }),
		fromSession("current_database", datum.Name, func(s *sql.Session) any { return s.Identity().Database }),
		told("current_schema", datum.Name, func() any { return "public" }),
		fromSession("pg_backend_pid", rmgr.Int4, func(s *sql.Session) any { return int64(s.Identity().PID) }),
		fromSession("inet_client_addr", rmgr.Text, func(s *sql.Session) any { return nullText(s.Identity().ClientAddr) }),
		fromSession("inet_client_port", rmgr.Int4, func(s *sql.Session) any { return nullInt(int64(s.Identity().ClientPort), 0) }),
		fromSession("inet_server_addr", rmgr.Text, func(s *sql.Session) any { return nullText(s.Identity().ServerAddr) }),
		fromSession("inet_server_port", rmgr.Int4, func(s *sql.Session) any { return nullInt(int64(s.Identity().ServerPort), 0) }),
		currentSetting(), setConfig(),
	}
	if n.Version != nil {
		list = append(list, told("version", rmgr.Text, func() any { return n.Version() }))
	}
	if n.Now != nil {
		list = append(list, told("clock_timestamp", rmgr.Timestamptz, func() any { return n.Now() }),
			clock("now", n, (*sql.Session).TransactionStart), clock("transaction_timestamp", n, (*sql.Session).TransactionStart),
			clock("statement_timestamp", n, (*sql.Session).StatementStart))
	}
	if n.LoadTime != nil {
		list = append(list, told("pg_conf_load_time", rmgr.Timestamptz, func() any { return n.LoadTime() }))
	}
	if n.StartTime != nil {
		list = append(list, told("pg_postmaster_start_time", rmgr.Timestamptz, func() any { return n.StartTime() }))
	}
	return list
}

// clock is a function that gives a time which the session keeps; now, if it has none.
func clock(name string, n Node, kept func(*sql.Session) time.Time) rmgr.Function {
	return scalar(name, rmgr.Timestamptz, nil, func(ctx context.Context, _ []any) (any, error) {
		if s := sql.FromContext(ctx); s != nil && !kept(s).IsZero() {
			return kept(s), nil
		}
		return n.Now(), nil
	})
}

func currentSetting() rmgr.Function {
	f := scalar("current_setting", rmgr.Text, columns("setting_name", rmgr.Text, "missing_ok", rmgr.Bool), func(ctx context.Context, args []any) (any, error) {
		s := sql.FromContext(ctx)
		if s == nil {
			return nil, failure("55000", "current_setting() needs a session")
		}
		name := args[0].(string)
		value, ok := s.Show(name)
		switch {
		case ok:
			return value, nil
		case args[1].(bool):
			return nil, nil
		}
		return nil, failure("42704", "unrecognized configuration parameter \"%s\"", name)
	})
	f.Defaults = []any{false}
	return f
}

func setConfig() rmgr.Function {
	f := scalar("set_config", rmgr.Text, columns("setting_name", rmgr.Text, "new_value", rmgr.Text, "is_local", rmgr.Bool), func(ctx context.Context, args []any) (any, error) {
		s := sql.FromContext(ctx)
		if s == nil {
			return nil, failure("55000", "set_config() needs a session")
		}
		name, value := args[0].(string), args[1].(string)
		if err := s.Set(name, value, args[2].(bool)); err != nil {
			return nil, err
		}
		shown, _ := s.Show(name)
		return shown, nil
	})
	return f
}
