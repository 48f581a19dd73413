package node

import (
	"context"
	"strings"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Retire is POST /v1/retire.
func (n *Node) Retire(ctx context.Context, r api.RetireRequest) error {
	return n.onPrimary(ctx, func(run context.Context, l *local) error {
		if _, _, ok := moduleOf(n.table, r.Module); !ok {
			return refusal("UnknownModule", "module %q is not loaded", r.Module)
		}
		return l.engine.SetRetiring(run, r.Module, r.Retiring)
	})
}

// Format is POST /v1/format.
func (n *Node) Format(ctx context.Context, r api.FormatRequest) error {
	return n.onPrimary(ctx, func(run context.Context, l *local) error {
		reg, ok := n.table.Registration(wal.RmgrID(r.Rmgr))
		if !ok || !wal.RmgrID(r.Rmgr).Custom() {
			return refusal("UnknownManager", "resource manager %d is not loaded", r.Rmgr)
		}
		f, now := rmgr.Format(r.Format), l.engine.Modules().Format(reg.ID)
		switch {
		case f < now:
			return refusal("FormatLowered", "format %d of resource manager %d (%s) is in force and cannot be lowered to %d", now, r.Rmgr, reg.Manager.Name(), f)
		case !reg.Writes.Has(f):
			return refusal("FormatNotWritten", "resource manager %d (%s) as loaded writes formats %d to %d, not %d", r.Rmgr, reg.Manager.Name(), reg.Writes.Min, reg.Writes.Max, f)
		}
		return l.engine.SetFormat(run, reg.ID, f)
	})
}

// Checkpoint is POST /v1/checkpoint.
func (n *Node) Checkpoint(ctx context.Context, r api.CheckpointRequest) error {
	l := n.current().local
	if l == nil {
		return unavailable(n.current())
	}
	if !r.Wait {
		n.tasks.Go(func() {
			if err := l.engine.Checkpoint(n.run); err != nil {
				n.log.Warn("checkpoint failed", "error", err)
			}
		})
		return nil
	}
	return l.engine.Checkpoint(ctx)
}

// SwitchWAL is POST /v1/switch-wal.
func (n *Node) SwitchWAL(ctx context.Context, _ api.SwitchWALRequest) error {
	return n.onPrimary(ctx, func(run context.Context, l *local) error {
		_, err := l.engine.SwitchWAL(run)
		return err
	})
}

// onPrimary runs a command that only an open primary takes.
func (n *Node) onPrimary(ctx context.Context, command func(context.Context, *local) error) error {
	return n.exclusively(ctx, func(run context.Context) error {
		n.mu.Lock()
		err := n.primaryOn(n.state.timeline)
		l := n.state.local
		n.mu.Unlock()
		if err != nil {
			return err
		}
		return command(run, l)
	})
}

// Census is GET /v1/census. An empty node holds nothing.
func (n *Node) Census(ctx context.Context) (api.Census, error) {
	now := n.current()
	if now.local == nil && now.role != api.RoleEmpty {
		return api.Census{}, unavailable(now)
	}
	census := api.Census{Holders: []api.Holder{}}
	if now.local != nil {
		var err error
		if census, err = now.local.engine.Census(ctx); err != nil {
			return api.Census{}, err
		}
	}
	census.Instance = n.name()
	return census, nil
}

// Modules is GET /v1/modules: what is loaded.
func (n *Node) Modules() api.Manifest {
	return api.Manifest{APIVersion: api.ManifestVersion, Modules: n.loadedModules(n.current().local)}
}

// loadedModules lists the loaded modules with formats in force and retiring state.
func (n *Node) loadedModules(l *local) []api.Module {
	out := manifestModules(n.table.Manifest())
	if l == nil {
		return out
	}
	inForce := l.engine.Modules()
	for i := range out {
		for j := range out[i].Managers {
			m := &out[i].Managers[j]
			m.Format = uint16(inForce.Format(wal.RmgrID(m.ID)))
			out[i].Retiring = out[i].Retiring || inForce.Retiring(wal.RmgrID(m.ID))
		}
	}
	return out
}

// offeredModules lists what is in the binary but not loaded.
func (n *Node) offeredModules() []api.Module {
	var off []rmgr.Module
	for _, m := range n.opts.Modules {
		if _, _, loaded := moduleOf(n.table, m.Name); !loaded {
			off = append(off, m)
		}
	}
	return manifestModules(rmgr.ManifestOf(off))
}

func manifestModules(m rmgr.Manifest) []api.Module {
	out := []api.Module{}
	for _, mod := range m.Modules {
		am := api.Module{Name: mod.Name, Version: mod.Version, Managers: []api.Manager{}}
		for _, r := range mod.Managers {
			am.Managers = append(am.Managers, api.Manager{
				ID: uint8(r.ID), Name: r.Name,
				Writes:  api.FormatRange{Min: uint16(r.Writes.Min), Max: uint16(r.Writes.Max)},
				Replays: api.FormatRange{Min: uint16(r.Replays.Min), Max: uint16(r.Replays.Max)},
			})
		}
		out = append(out, am)
	}
	return out
}

func moduleOf(t *rmgr.Table, name string) (module, version string, ok bool) {
	for _, m := range t.Modules() {
		if strings.EqualFold(m.Name, name) {
			return m.Name, m.Version, true
		}
	}
	return "", "", false
}
