package builtin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/builtin"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// node tells the same things every time.
func node(standby bool) builtin.Node {
	lsn := func(l wal.LSN) func() wal.LSN { return func() wal.LSN { return l } }
	at := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	return builtin.Node{
		InRecovery: func() bool { return standby }, Timeline: func() wal.TimelineID { return 3 }, SegmentSize: func() int { return 16 << 20 },
		InsertLSN: lsn(0x30), WriteLSN: lsn(0x20), FlushLSN: lsn(0x10), ReceiveLSN: lsn(0), ReplayLSN: lsn(0x1000028),
		ReplayTime: func() time.Time { return time.Time{} }, SwitchWAL: func(context.Context) (wal.LSN, error) { return 0x40, nil },
		Cancel: func(pid int32) bool { return pid == 7 }, Managers: func() []builtin.Manager { return []builtin.Manager{{0, "XLOG", true}, {251, "kv", false}} },
		Replicas: func() []builtin.Replica {
			return []builtin.Replica{{PID: 9, ApplicationName: "b", State: "streaming", Sent: 0x10, WriteLag: -1, FlushLag: 90*time.Minute + 1500*time.Microsecond, SyncState: "quorum", Start: at}}
		},
		Slots: func() []builtin.Slot {
			return []builtin.Slot{{Name: "s", Type: "physical", Restart: 0x10, SafeWALSize: builtin.NoLimit}}
		},
		WAL: func() builtin.WAL {
			return builtin.WAL{Records: 5, Bytes: 500, SyncTime: 2 * time.Millisecond, Reset: at}
		},
		Receiver: func() (builtin.Receiver, bool) { return builtin.Receiver{}, false },
		Modules: func() []builtin.Module {
			return []builtin.Module{{Name: "kv", Version: "1.0.0", Loaded: true, Rmgr: 251, RmgrName: "kv", Format: 1, Writes: rmgr.FormatRange{Min: 1, Max: 2}, Replays: rmgr.FormatRange{Min: 1, Max: 2}}, {Name: "empty", Version: "0.1.0", NoManager: true}}
		},
		Census: func(context.Context) ([]builtin.CensusLine, error) {
			return []builtin.CensusLine{{Holder: "pg_wal", From: 0x10, To: 0x20, Rmgr: 251, RmgrName: "kv", Module: "kv", Format: 1, Count: 3, First: 0x10, Last: 0x18}, {Holder: "slot", Name: "s", Reason: "cannot be read"}}, nil
		},
	}
}

type direct struct{}

func (direct) Call(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) (wal.LSN, error) {
	return 0, fn.Call(ctx, nil, args, row)
}

func (direct) Commit(context.Context, wal.LSN, string) (*ereport.Condition, error) { return nil, nil }

// ask runs a query on a node and shows its rows, or its error.
func ask(t *testing.T, n builtin.Node, query string) string {
	t.Helper()
	r := &catalog.Registry{}
	if err := builtin.Register(r, n); err != nil {
		t.Fatal(err)
	}
	e := &sql.Engine{Catalog: r, Caller: direct{}, Committer: direct{}}
	s, err := e.NewSession(sql.Identity{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	st, err := sql.ParseOne(query)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Prepare(st, nil)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	_, err = s.Execute(sql.NewContext(t.Context(), s), p, nil, func(row []any) error {
		var cells []string
		for _, v := range row {
			cells = append(cells, fmt.Sprint(v))
		}
		rows = append(rows, strings.Join(cells, ","))
		return nil
	})
	var failure *rmgr.Error
	if errors.As(err, &failure) {
		return failure.Code + ": " + failure.Message
	}
	return strings.Join(rows, "; ")
}

func TestFunctionsAndViews(t *testing.T) {
	for _, c := range []struct {
		standby     bool
		query, want string
	}{
		{false, "SELECT pg_is_in_recovery(), pg_current_wal_insert_lsn(), pg_current_wal_lsn(), pg_current_wal_flush_lsn()", "false,0/30,0/20,0/10"},
		{true, "SELECT pg_current_wal_lsn()", "55000: recovery is in progress"},
		{true, "SELECT pg_switch_wal()", "55000: recovery is in progress"},
		{false, "SELECT pg_switch_wal()", "0/40"},
		{true, "SELECT pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp()", "<nil>,0/1000028,<nil>"},
		{false, "SELECT pg_walfile_name('0/1500028')", "000000030000000000000001"},
		{false, "SELECT pg_walfile_name('0/2000000')", "000000030000000000000001"}, // a boundary belongs to the segment before, in 15
		{false, "SELECT pg_walfile_name('2/FF000001')", "0000000300000002000000FF"},
		{false, "SELECT * FROM pg_walfile_name_offset('0/1500028')", "000000030000000000000001,5242920"},
		{false, "SELECT pg_cancel_backend(7), pg_cancel_backend(8)", "true,false"},
		{false, "SELECT * FROM pg_get_wal_resource_managers() WHERE NOT rm_builtin", "251,kv,false"},
		{false, "SELECT pid, state, sent_lsn, replay_lsn, write_lag, flush_lag, sync_state FROM pg_stat_replication", "9,streaming,0/10,<nil>,<nil>,01:30:00.0015,quorum"},
		{false, "SELECT slot_name, active_pid, restart_lsn, safe_wal_size FROM pg_replication_slots", "s,<nil>,0/10,<nil>"},
		{false, "SELECT wal_records, wal_bytes, wal_sync_time FROM pg_stat_wal", "5,500,2"},
		{false, "SELECT * FROM pg_stat_wal_receiver", ""},
		{false, "SELECT module, rmgr_id, format, writes_max FROM redoubt_modules", "kv,251,1,2; empty,<nil>,<nil>,<nil>"},
		{false, "SELECT holder, rmgr_id, records, unknown_because FROM redoubt_wal_census", "pg_wal,251,3,<nil>; slot,<nil>,<nil>,cannot be read"},
		{false, "SELECT set_config('application_name', 'x', false), current_setting('application_name'), current_setting('none', true)", "x,x,<nil>"},
		{false, "SELECT current_setting('none')", "42704: unrecognized configuration parameter \"none\""},
	} {
		if got := ask(t, node(c.standby), c.query); got != c.want {
			t.Errorf("%s (standby: %v)\ngave %s\nwant %s", c.query, c.standby, got, c.want)
		}
	}
}

// Every view gives as many values as it has columns.
func TestRowsFitTheirColumns(t *testing.T) {
	for _, view := range []string{"pg_stat_replication", "pg_replication_slots", "pg_stat_wal", "redoubt_modules", "redoubt_wal_census", "pg_settings"} {
		if got := ask(t, node(false), "SELECT * FROM "+view); strings.HasPrefix(got, "XX000") || got == "" {
			t.Errorf("%s gave %q", view, got)
		}
	}
}

// A census that cannot be made is an error: no rows would say that no record is left.
func TestACensusThatFailsIsNotEmpty(t *testing.T) {
	n := node(false)
	n.Census = func(context.Context) ([]builtin.CensusLine, error) {
		return nil, &rmgr.Error{Code: "58030", Message: "pg_wal cannot be listed"}
	}
	if got, want := ask(t, n, "SELECT count(*) FROM redoubt_wal_census"), "58030: pg_wal cannot be listed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
