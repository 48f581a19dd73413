package node

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/node/pagedigest"
	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/builtin"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/walinspect"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/generic"
	"github.com/redoubt-wal/redoubt/rmgr/logicalmsg"
	"github.com/redoubt-wal/redoubt/wal"
)

// registerBuiltin adds the managers that belong to every node and publish functions. Those that are
// about the log itself are the engine's.
func registerBuiltin(table *rmgr.Table) error {
	if err := table.RegisterBuiltin(generic.ID, generic.Manager{}); err != nil {
		return err
	}
	return table.RegisterBuiltin(logicalmsg.ID, logicalmsg.Manager{}, logicalmsg.Functions()...)
}

// addBuiltin adds the server's own functions and views.
func (n *Node) addBuiltin(r *catalog.Registry) error {
	if err := r.AddFunctions(walinspect.Functions(n.table, n.inspected)...); err != nil {
		return err
	}
	if err := r.AddFunctions(pagedigest.Function(n.pageDigests)); err != nil {
		return err
	}
	return builtin.Register(r, builtin.Node{
		Version: func() string {
			return fmt.Sprintf("PostgreSQL %s (Redoubt %s)", config.ServerVersion, n.opts.Version)
		},
		Now: n.opts.Now, StartTime: func() time.Time { return n.started },
		InRecovery:  n.inRecovery,
		Timeline:    func() wal.TimelineID { return n.positions().Timeline },
		SegmentSize: func() int { return int(n.settings.Bytes("wal_segment_size")) },

		InsertLSN:  func() wal.LSN { return n.positions().Insert },
		WriteLSN:   func() wal.LSN { return n.positions().Write },
		FlushLSN:   func() wal.LSN { return n.positions().Flush },
		ReceiveLSN: func() wal.LSN { return n.positions().Flush },
		ReplayLSN:  func() wal.LSN { return n.positions().Replay },

		SwitchWAL: n.switchWAL, RestorePoint: n.restorePoint, Paused: n.replayPaused, Control: n.controlRow, Files: n.files,
		LoadTime: n.settingsLoaded, Reload: n.Reload, Promote: n.promoteSQL,
		Cancel:    func(pid int32) bool { return n.sessions.Cancel(pid) },
		Terminate: func(pid int32) bool { return n.sessions.Terminate(pid) },
		Activity:  func() []sql.Activity { return n.sessions.Activity() },
		Settings:  n.sqlSettings, SettingRows: n.settingRows, Functions: r.Functions, Views: r.Views, Extensions: n.extensions,
		Managers: n.managerRows, Modules: n.moduleRows, Census: n.censusRows, Replicas: n.replicaRows, Slots: n.slotRows,
		WAL: n.walRow, CheckpointStats: n.checkpointRow, Receiver: n.receiverRow,
		ReplayTime: n.replayTime, Slot: slotFunctions{n},
	})
}

// pageDigests are those of the data directory in use.
func (n *Node) pageDigests(ctx context.Context) ([]pagedigest.Digest, error) {
	l := n.current().local
	if l == nil {
		return nil, n.ready()
	}
	return l.engine.PageDigests(ctx)
}

// positions are those of the data directory in use; zero while there is none.
func (n *Node) positions() engine.Positions {
	if l := n.current().local; l != nil {
		return l.engine.Positions()
	}
	return engine.Positions{}
}

func (n *Node) switchWAL(ctx context.Context) (wal.LSN, error) {
	l, err := n.openPrimary()
	if err != nil {
		return 0, err
	}
	return l.engine.SwitchWAL(ctx)
}

// openPrimary is the data directory of a primary that accepts writes.
func (n *Node) openPrimary() (*local, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.primaryOn(n.state.timeline); err != nil {
		return nil, &rmgr.Error{Code: "55000", Message: "recovery is in progress", Hint: "WAL control functions cannot be executed during recovery."}
	}
	return n.state.local, nil
}

func (n *Node) promoteSQL(ctx context.Context, _ bool, _ int64) error {
	if err := n.promoteUnmanaged(ctx); err != nil {
		return &rmgr.Error{Code: "55000", Message: err.Error()}
	}
	return nil
}

func (n *Node) managerRows() []builtin.Manager {
	var out []builtin.Manager
	for _, e := range n.table.Entries() {
		out = append(out, builtin.Manager{ID: e.ID, Name: e.Name, BuiltIn: e.Builtin})
	}
	return out
}

func (n *Node) moduleRows() []builtin.Module {
	var out []builtin.Module
	l := n.current().local
	for _, m := range n.opts.Modules {
		_, _, loaded := moduleOf(n.table, m.Name)
		for _, r := range m.Managers {
			row := builtin.Module{Name: m.Name, Version: m.Version, Loaded: loaded, Rmgr: r.ID, RmgrName: r.Manager.Name(), Writes: r.Writes, Replays: r.Replays}
			if l != nil && loaded {
				inForce := l.engine.Modules()
				row.Format, row.Retiring = inForce.Format(r.ID), inForce.Retiring(r.ID)
			}
			out = append(out, row)
		}
	}
	return out
}

// censusRows are a row per holder, manager and format, and one more for a holder of which something is
// not known.
func (n *Node) censusRows(ctx context.Context) ([]builtin.CensusLine, error) {
	census, err := n.Census(ctx)
	if err != nil {
		return nil, err
	}
	var out []builtin.CensusLine
	for _, h := range census.Holders {
		line := builtin.CensusLine{Holder: string(h.Kind), Name: h.Name, From: h.From, To: h.To}
		if h.Unknown {
			unknown := line
			unknown.Reason = h.Reason
			out = append(out, unknown)
		}
		for _, r := range h.Records {
			line.Rmgr, line.RmgrName, line.Module, line.Format = wal.RmgrID(r.Rmgr), r.Name, r.Module, rmgr.Format(r.Format)
			line.Count, line.First, line.Last = r.Count, r.First, r.Last
			out = append(out, line)
		}
	}
	return out, nil
}

func (n *Node) replicaRows() []builtin.Replica {
	l := n.current().local
	if l == nil {
		return nil
	}
	var out []builtin.Replica
	for _, r := range l.server.Replicas() {
		host, port := hostPort(r.Addr)
		out = append(out, builtin.Replica{
			PID: r.PID, User: r.User, ApplicationName: r.Name, ClientAddr: host, ClientPort: port, Start: r.Started, State: string(r.State),
			Sent: r.Sent, Write: r.Write, Flush: r.Flush, Replay: r.Apply, Priority: r.Priority, SyncState: r.SyncState, ReplyTime: r.ReplyTime,
			WriteLag: r.Lag.Write, FlushLag: r.Lag.Flush, ReplayLag: r.Lag.Replay,
		})
	}
	return out
}

func (n *Node) receiverRow() (builtin.Receiver, bool) {
	now := n.current()
	if now.role != api.RoleStandby || now.following == nil || now.local == nil {
		return builtin.Receiver{}, false
	}
	r := now.following.stream()
	if r == nil || !r.Status().Streaming {
		return builtin.Receiver{}, false
	}
	rs, at := r.Status(), now.local.engine.Positions()
	u := now.following.request.Upstream
	return builtin.Receiver{
		Status: "streaming", StartTimeline: at.Timeline, Written: at.Write, Flushed: at.Flush, Timeline: at.Timeline, LastReceipt: rs.LastMessage,
		LatestEnd: rs.UpstreamEnd, Slot: u.Slot, SenderHost: u.Host, SenderPort: u.Port,
	}, true
}

func (n *Node) replayTime() time.Time {
	if l := n.current().local; l != nil {
		return l.engine.ReplayTime()
	}
	return time.Time{}
}

func hostPort(addr string) (string, int) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr, -1
	}
	n, _ := strconv.Atoi(port)
	return host, n
}
