package replication

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func (ss *session) identify() error {
	o := &ss.server.opts
	history, end := o.Log.Position()
	var database any
	if ss.conn.Logical() {
		database = ss.conn.Database()
	}
	SendRows(ss.conn, []Column{Text("systemid"), Int4("timeline"), Text("xlogpos"), Text("dbname")},
		[]any{o.SystemID, history.Timeline(), end, database})
	Complete(ss.conn, "IDENTIFY_SYSTEM")
	return nil
}

func (ss *session) timelineHistory(cmd *TimelineHistory) error {
	name := wal.HistoryName(cmd.Timeline)
	contents, err := ss.server.opts.Log.ReadHistory(cmd.Timeline)
	if err != nil {
		why := err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			why = "No such file or directory" // as PostgreSQL says it
		}
		return &rmgr.Error{Code: "58P01", Message: fmt.Sprintf("could not open file \"pg_wal/%s\": %s", name, why)}
	}
	SendRows(ss.conn, []Column{Text("filename"), Text("content")}, []any{name, contents})
	Complete(ss.conn, "TIMELINE_HISTORY")
	return nil
}

func (ss *session) readSlot(cmd *ReadSlot) error {
	row := []any{nil, nil, nil}
	if slot, ok := ss.server.opts.Slots.Get(cmd.Name); ok {
		if slot.Logical {
			return &rmgr.Error{Code: "0A000", Message: "cannot use READ_REPLICATION_SLOT with a logical replication slot"}
		}
		row[0] = "physical"
		if slot.RestartLSN != 0 {
			history, _ := ss.server.opts.Log.Position()
			row[1], row[2] = slot.RestartLSN, history.TLIAt(slot.RestartLSN)
		}
	}
	SendRows(ss.conn, []Column{Text("slot_type"), Text("restart_lsn"), Int8("restart_tli")}, row)
	Complete(ss.conn, "READ_REPLICATION_SLOT")
	return nil
}

func (ss *session) createSlot(ctx context.Context, cmd *CreateSlot) error {
	if cmd.Logical {
		if err := ss.mayDecode(); err != nil {
			return err
		}
		return ss.createLogicalSlot(ctx, cmd)
	}
	reserve := false
	for i, o := range cmd.Options {
		if o.Name != "reserve_wal" && o.Name != "snapshot" && o.Name != "two_phase" {
			return &rmgr.Error{Code: "XX000", Message: "unrecognized option: " + o.Name}
		}
		if o.Name != "reserve_wal" || i > 0 {
			return &rmgr.Error{Code: "42601", Message: "conflicting or redundant options"}
		}
		var err error
		if reserve, err = o.Bool(); err != nil {
			return err
		}
	}
	if _, err := ss.server.CreatePhysicalSlot(ss.conn.PID(), cmd.Name, reserve, cmd.Temporary); err != nil {
		return err
	}
	SendRows(ss.conn, []Column{Text("slot_name"), Text("consistent_point"), Text("snapshot_name"), Text("output_plugin")},
		[]any{cmd.Name, wal.InvalidLSN, nil, nil})
	Complete(ss.conn, "CREATE_REPLICATION_SLOT")
	return nil
}

func (ss *session) dropSlot(ctx context.Context, cmd *DropSlot) error {
	var wait <-chan struct{}
	if cmd.Wait {
		wait = ctx.Done()
	}
	if err := ss.server.opts.Slots.Drop(cmd.Name, ss.conn.PID(), wait); err != nil {
		return err
	}
	Complete(ss.conn, "DROP_REPLICATION_SLOT")
	return nil
}

func (ss *session) baseBackup(ctx context.Context, cmd *BaseBackup) error {
	serve := ss.server.opts.BaseBackup
	if serve == nil {
		return &rmgr.Error{Code: "0A000", Message: "this server makes no base backups"}
	}
	ss.setState(StateBackup)
	defer ss.setState(StateStartup)
	if err := serve(ctx, ss.conn, cmd); err != nil {
		return err
	}
	Complete(ss.conn, "BASE_BACKUP")
	return nil
}

func (ss *session) mayDecode() error {
	if !ss.conn.Logical() {
		return &rmgr.Error{Code: "55000", Message: "logical decoding requires a database connection", Hint: "Connect with replication=database."}
	}
	return ss.server.mayDecode()
}
