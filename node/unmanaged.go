package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/wal"
)

// PathPromoteHere promotes an unmanaged node on the next free timeline; the local socket only.
const PathPromoteHere = "/local/promote"

// startUnmanaged makes the node what its directory says, as PostgreSQL does.
func (n *Node) startUnmanaged() error {
	standby, err := n.isStandby()
	if err != nil {
		return err
	}
	if standby {
		return n.exclusively(n.run, func(context.Context) error { return n.followConninfo() })
	}
	rule, err := n.configuredRule()
	if err != nil {
		return err
	}
	return n.exclusively(n.run, func(run context.Context) error {
		tli := n.current().local.engine.Positions().Timeline
		if err := n.promises.Own(tli); err != nil { // the directory says so: nobody else decides
			return err
		}
		return n.promote(run, rule, setTaken{timeline: tli}, "started as primary")
	})
}

func (n *Node) configuredRule() (replication.Rule, error) {
	return replication.ParseRule(n.settings.String("synchronous_standby_names"))
}

// followConninfo streams from primary_conninfo; without one the node only replays what is here.
func (n *Node) followConninfo() error {
	conninfo := n.settings.String("primary_conninfo")
	if conninfo == "" {
		n.change(func(s *state) { s.role, s.message = api.RoleStandby, "primary_conninfo is not set" })
		return nil
	}
	c, err := ParseConninfo(conninfo)
	if err != nil {
		return fmt.Errorf("primary_conninfo: %w", err)
	}
	n.startReceiver(api.FollowRequest{Upstream: api.Upstream{Host: c.Host, Port: c.Port, Name: c.Host, Slot: n.settings.String("primary_slot_name")}}, &c)
	return nil
}

// promoteUnmanaged makes a standby the primary on the next timeline that nobody has used.
func (n *Node) promoteUnmanaged(ctx context.Context) error {
	if n.managed() {
		return refusal("Managed", "this node is managed: its operator promotes it")
	}
	rule, err := n.configuredRule()
	if err != nil {
		return err
	}
	return n.exclusively(ctx, func(run context.Context) error {
		now := n.current()
		if now.role == api.RolePrimary {
			return refusal("IsPrimary", "this node is the primary already")
		}
		if now.local == nil {
			return unavailable(now)
		}
		tli, err := n.nextTimeline(now.local)
		if err != nil {
			return err
		}
		if err := n.promotingTo(tli); err != nil {
			return err
		}
		if err := n.promote(run, rule, setTaken{timeline: tli}, "no recovery target specified"); err != nil {
			if now.local.engine.InRecovery() {
				err = errors.Join(err, n.notPromoting())
			}
			if n.current().role == api.RoleWaiting { // it has left its upstream, and nobody else tells it to go back
				err = errors.Join(err, n.followConninfo())
			}
			return err
		}
		return n.removeSignal()
	})
}

// nextTimeline is above every timeline that this node has heard of.
func (n *Node) nextTimeline(l *local) (wal.TimelineID, error) {
	highest := max(l.engine.Positions().Timeline, n.promises.Promised())
	entries, err := n.opts.FS.ReadDir(path.Join(n.opts.Dir, "pg_wal"))
	if err != nil {
		return 0, fmt.Errorf("look for timelines: %w", err)
	}
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), ".history"); ok {
			if tli, err := strconv.ParseUint(id, 16, 32); err == nil {
				highest = max(highest, wal.TimelineID(tli))
			}
		}
	}
	return highest + 1, nil
}

func (n *Node) readConfig() ([]byte, error) {
	file, err := n.opts.ReadConfig()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return file, err
}

// acceptable refuses values of settings that name other nodes.
func acceptable(name, value string) (err error) {
	switch name {
	case "primary_conninfo":
		_, err = ParseConninfo(value)
	case "synchronous_standby_names":
		_, err = replication.ParseRule(value)
	}
	return err
}

// applyReload brings what a reload changed into force where it is not asked for at each use.
func (n *Node) applyReload() error {
	defer n.changes.notify()
	if n.managed() {
		n.showRule(n.current().rule) // the operator's rule holds, whatever the file says
		return nil
	}
	rule, err := n.configuredRule()
	if err != nil {
		return err
	}
	return n.exclusively(n.run, func(run context.Context) error {
		now := n.current()
		switch {
		case now.role == api.RolePrimary && now.open:
			n.change(func(s *state) { s.rule = rule })
			now.local.sync.SetRule(rule)
		case (now.role == api.RoleStandby || now.role == api.RoleDiverged) && n.upstreamChanged(now.following):
			if err := n.leaveUpstream(); err != nil {
				return err
			}
			return n.followConninfo()
		}
		return nil
	})
}

// upstreamChanged reports whether primary_conninfo or primary_slot_name says anything else than f.
func (n *Node) upstreamChanged(f *following) bool {
	c, err := ParseConninfo(n.settings.String("primary_conninfo"))
	if err != nil || f == nil {
		return true
	}
	return f.conninfo == nil || *f.conninfo != c || f.request.Upstream.Slot != n.settings.String("primary_slot_name")
}
