package basebackup_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// pg_cancel_backend ends the command of a replication client and leaves him his connection, as in PostgreSQL;
// pg_terminate_backend takes it, and says so, at whatever rate a base backup is sent.
func TestReplicationCommandsCanBeCancelled(t *testing.T) {
	m := newPrimary(t)
	m.fill(0, 3000)
	backup := func() string { return "BASE_BACKUP (CHECKPOINT 'fast', MAX_RATE 32)" }
	stream := func() string { return fmt.Sprintf("START_REPLICATION %s TIMELINE 1", m.Positions().Redo) }
	for _, row := range []struct {
		sentence string
		command  func() string
		cancel   func(pid int32) bool
		code     string
		stays    bool
	}{
		{"a backup is cancelled", backup, m.wire.Cancel, "57014", true},
		{"a stream is cancelled", stream, m.wire.Cancel, "57014", true},
		{"a backup's session is ended", backup, m.wire.Terminate, "57P01", false},
		{"a stream's session is ended", stream, m.wire.Terminate, "57P01", false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			c, err := replication.Connect(t.Context(), m.upstream())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Send(row.command()); err != nil {
				t.Fatal(err)
			}
			cancelled := false
			for err == nil {
				var msg pgproto3.BackendMessage
				msg, err = c.Receive()
				if _, sending := msg.(*pgproto3.CopyData); sending && !cancelled {
					cancelled = row.cancel(int32(c.PID()))
				}
			}
			refusal, _ := errors.AsType[*rmgr.Error](err)
			if refusal == nil || refusal.Code != row.code {
				t.Fatalf("it ended with %v, want %s", err, row.code)
			}
			if !row.stays {
				return
			}
			if err := c.Ready(); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Identify(); err != nil {
				t.Errorf("the connection: %v", err)
			}
		})
	}
}
