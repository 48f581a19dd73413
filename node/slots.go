package node

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/builtin"
	"github.com/redoubt-wal/redoubt/wal"
)

// slotFunctions are the slots of the data directory in use, for SQL.
type slotFunctions struct{ n *Node }

func (f slotFunctions) local() (*local, error) {
	if l := f.n.current().local; l != nil {
		return l, nil
	}
	return nil, f.n.ready()
}

func (f slotFunctions) CreatePhysicalSlot(pid int32, name string, reserve, temporary bool) (wal.LSN, error) {
	l, err := f.local()
	if err != nil {
		return 0, err
	}
	return l.server.CreatePhysicalSlot(pid, name, reserve, temporary)
}

func (f slotFunctions) CreateLogicalSlot(ctx context.Context, pid int32, name, plugin string, temporary bool) (wal.LSN, error) {
	l, err := f.local()
	if err != nil {
		return 0, err
	}
	return l.server.CreateLogicalSlot(ctx, pid, name, plugin, temporary)
}

func (f slotFunctions) DropSlot(pid int32, name string) error {
	l, err := f.local()
	if err != nil {
		return err
	}
	return l.slots.Drop(name, pid, nil)
}

func (f slotFunctions) AdvanceSlot(ctx context.Context, pid int32, name string, upTo wal.LSN) (wal.LSN, error) {
	l, err := f.local()
	if err != nil {
		return 0, err
	}
	return l.server.AdvanceSlot(ctx, pid, name, upTo)
}

func (f slotFunctions) ReadSlot(ctx context.Context, pid int32, r builtin.SlotRead, row func(wal.LSN, uint32, []byte) error) error {
	l, err := f.local()
	if err != nil {
		return err
	}
	c := replication.SlotChanges{Slot: r.Slot, UpTo: r.UpTo, Rows: r.Rows, Peek: r.Peek}
	for i := 0; i+1 < len(r.Options); i += 2 {
		c.Options = append(c.Options, replication.Option{Name: r.Options[i], Value: r.Options[i+1], Given: true})
	}
	return l.server.ReadSlotChanges(ctx, pid, c, func(ch replication.ChangeRow) error { return row(ch.LSN, ch.Xid, ch.Data) })
}

// sessionLeft drops the temporary slots of a session that has ended, and what it has not settled.
func (n *Node) sessionLeft(s *sql.Session) {
	n.writers.Delete(s)
	if l := n.current().local; l != nil {
		l.slots.EndSession(s.Identity().PID)
	}
}
