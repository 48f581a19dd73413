package node

import (
	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/replslot"
)

// Status says what the node is now.
func (n *Node) Status() api.Status {
	sequence := n.statuses.Add(1) // before anything is looked at
	now, clock := n.current(), n.opts.Now()
	s := api.Status{
		Sequence: sequence,
		Instance: n.name(), Role: now.role, Time: clock.UTC(), StartedAt: n.started.UTC(),
		FencedAt: n.fencedAt(), ForkLSN: now.fork, OpenWrites: now.open, Message: now.message,
		Modules: n.loadedModules(now.local), Offered: n.offeredModules(), NodeVersion: n.opts.Version,
		WriteProbe: n.probe.asOf(clock),
	}
	for _, p := range n.settings.Pending() {
		s.Settings = append(s.Settings, api.SettingDiff{Name: p.Name, Current: p.Old, Pending: p.New})
	}
	if f := now.following; f != nil {
		s.Upstream = f.request.Upstream.Host
		if r := f.stream(); r != nil {
			s.Streaming = now.role == api.RoleStandby && r.Status().Streaming
		}
	}
	if now.role == api.RolePrimary {
		s.Synchronous = synchronousOf(now.rule)
		s.Synchronous.Serial = now.set.serial
	}
	if now.local != nil {
		now.local.describe(&s)
		if now.lost > s.FlushLSN {
			s.LostLSN = now.lost
		}
	}
	return s
}

func (n *Node) fencedAt() api.TimelineID {
	if n.promises == nil {
		return 0
	}
	return n.promises.Promised()
}

// describe adds what the data directory in use has to say.
func (l *local) describe(s *api.Status) {
	at := l.engine.Positions()
	s.SystemIdentifier = systemID(l)
	s.Timeline, s.WriteLSN, s.FlushLSN, s.ReplayLSN = at.Timeline, at.Write, at.Flush, at.Replay
	s.RedoLSN, s.OldestLSN = at.Redo, at.Oldest
	if at.Write > at.Oldest && at.Oldest != 0 {
		s.WALSize = int64(at.Write - at.Oldest)
	}
	s.Suspect = l.engine.Suspect()
	s.CensusEpoch = l.engine.CensusEpoch()
	s.Waiters = l.sync.Waiters()
	if p := l.engine.ReplayPause(); p != nil {
		s.ReplayPaused = p
		if s.Message == "" {
			s.Message = "replay is paused: " + p.Detail
		}
	}
	for _, r := range l.server.Replicas() {
		s.Replicas = append(s.Replicas, replicaOf(r))
	}
	for _, slot := range l.slots.List() {
		s.Slots = append(s.Slots, slotOf(slot))
	}
}

func replicaOf(r replication.Replica) api.Replica {
	return api.Replica{
		Name: r.Name, State: string(r.State), SentLSN: r.Sent, WriteLSN: r.Write, FlushLSN: r.Flush, ReplayLSN: r.Apply, SyncState: r.SyncState,
	}
}

func slotOf(s replslot.Slot) api.Slot {
	kind, status := "physical", "reserved"
	if s.Logical {
		kind = "logical"
	}
	switch {
	case s.InvalidatedAt != 0:
		status = "lost"
	case s.RestartLSN == 0:
		status = ""
	}
	return api.Slot{Name: s.Name, Type: kind, Active: s.ActivePID != 0, RestartLSN: s.RestartLSN, Confirmed: s.ConfirmedFlush, WALStatus: status}
}

// notReady says why clients should not be sent here; "" if they may. A standby stays ready while
// its upstream is away: its reads are as old as they say they are.
func (n *Node) notReady() string {
	now := n.current()
	switch {
	case now.role == api.RolePrimary && now.open:
		return ""
	case now.role == api.RoleStandby && now.local.engine.Positions().Consistent:
		return ""
	case now.role == api.RoleStandby:
		return "standby: has not reached a consistent state yet"
	case now.message != "":
		return string(now.role) + ": " + now.message
	}
	return string(now.role)
}
