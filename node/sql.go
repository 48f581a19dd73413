package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/builtin"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/walinspect"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// sqlEngine is what all sessions share. It asks for the data directory in use at every call, so that
// sessions outlive a change of it.
func (n *Node) sqlEngine() (*sql.Engine, error) {
	catalog := &catalog.Registry{Node: n.sqlSettings, Lookup: n.settings.Show, Changes: n.settings.Generation, Modules: n.moduleState}
	if err := catalog.AddFunctions(n.table.Functions()...); err != nil {
		return nil, err
	}
	if err := n.addBuiltin(catalog); err != nil {
		return nil, err
	}
	return &sql.Engine{
		Catalog: catalog, Caller: (*caller)(n), Committer: (*committer)(n),
		Checkpoint: func(ctx context.Context) error { return n.Checkpoint(ctx, api.CheckpointRequest{Wait: true}) },
		InRecovery: n.inRecovery,
	}, nil
}

func (n *Node) inRecovery() bool { return n.current().role != api.RolePrimary }

func (n *Node) sqlSettings() []catalog.Setting {
	var out []catalog.Setting
	for _, s := range config.List() {
		if s.Name != strings.ToLower(s.Name) {
			continue // a session's own, under PostgreSQL's spelling
		}
		value, _ := n.settings.Show(s.Name)
		out = append(out, catalog.Setting{Name: s.Name, Value: value, Description: s.Short})
	}
	return out
}

// settingRows are what pg_settings shows beyond SHOW ALL.
func (n *Node) settingRows() []builtin.SettingRow {
	var out []builtin.SettingRow
	for _, d := range n.settings.Describe() {
		r := builtin.SettingRow{
			Name: d.Name, Value: d.Value, Shown: d.Shown, Unit: d.Unit.Word(), Category: d.Category(), Description: d.Short,
			Context: string(d.Context), Type: d.TypeWord(), Source: d.Source, Enum: d.Values,
			Boot: d.BootValue, Reset: d.Value, File: d.File, Line: d.Line, Pending: d.Pending,
		}
		if d.Kind == config.Int || d.Kind == config.Real {
			r.Min, r.Max = fmt.Sprint(d.Min), fmt.Sprint(d.Max)
		}
		out = append(out, r)
	}
	return out
}

func (n *Node) moduleState(name string) catalog.ModuleState {
	called := func(m rmgr.Module) bool { return isCalled(m, name) }
	switch {
	case slices.ContainsFunc(n.table.Modules(), called), slices.Contains(builtinExtensions, strings.ToLower(name)):
		return catalog.ModuleLoaded
	case slices.ContainsFunc(n.opts.Modules, called):
		return catalog.ModuleOff
	}
	return catalog.ModuleUnknown
}

// builtinExtensions are PostgreSQL's whose functions every node has.
var builtinExtensions = []string{"pg_walinspect"}

// extensions are the modules that are loaded, and PostgreSQL's that every node has.
func (n *Node) extensions() []builtin.Extension {
	inspect := builtin.Extension{Name: builtinExtensions[0], Version: "1.0"}
	for _, f := range walinspect.Functions(n.table, n.inspected) {
		inspect.Functions = append(inspect.Functions, f.Name)
	}
	out := []builtin.Extension{inspect}
	for _, m := range n.table.Modules() {
		e := builtin.Extension{Name: m.Name, Version: m.Version}
		for _, f := range m.Functions {
			e.Functions = append(e.Functions, f.Name)
		}
		out = append(out, e)
	}
	return out
}

// isCalled reports whether people know a module by a name: its own, or that of one of its managers, as
// signal's is PostgreSQL's extension signal_rmgr.
func isCalled(m rmgr.Module, name string) bool {
	return strings.EqualFold(m.Name, name) || slices.ContainsFunc(m.Managers, func(r rmgr.Registration) bool {
		return strings.EqualFold(r.Manager.Name(), name)
	})
}

// ready refuses clients while there is nothing to be read.
func (n *Node) ready() error {
	now := n.current()
	switch {
	case now.role == api.RoleStopping:
		return &rmgr.Error{Code: "57P03", Message: "the database system is shutting down"}
	case now.starting && now.role == api.RoleWaiting: // its log is replayed, and it is about to be a primary or a standby
		return &rmgr.Error{Code: "57P03", Message: "the database system is starting up"}
	case now.local == nil:
		return &rmgr.Error{Code: "57P03", Message: "the database system is starting up", Detail: "The node is " + string(now.role) + ": " + now.message + "."}
	case !now.local.engine.Positions().Consistent:
		return &rmgr.Error{Code: "57P03", Message: "the database system is not yet accepting connections", Detail: "Consistent recovery state has not been yet reached."}
	}
	return nil
}

// caller runs functions on the data directory in use.
type caller Node

func (c *caller) Call(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) (wal.LSN, error) {
	n := (*Node)(c)
	now := n.current()
	if now.local == nil {
		return 0, n.ready()
	}
	if fn.Write != nil && now.role == api.RolePrimary && !now.open {
		return 0, &rmgr.Error{Code: "25006", Message: "cannot execute " + fn.Name + "() on a primary that is closed for writes", Detail: now.message}
	}
	if fn.Write != nil && now.role != api.RolePrimary {
		return 0, &rmgr.Error{Code: "25006", Message: "cannot execute " + fn.Name + "() during recovery"}
	}
	end, err := now.local.engine.Call(ctx, fn, args, row)
	if session := sql.FromContext(ctx); session != nil && end != wal.InvalidLSN {
		n.writers.LoadOrStore(session, now.local)
	}
	return end, err
}

// committer waits until a write may be acknowledged.
type committer Node

// Commit lets nothing pass that a fenced node could not stand for: also a commit that waits for
// nobody else asks SyncRep, which is closed before a promise is told.
func (c *committer) Commit(ctx context.Context, lsn wal.LSN, level string) (warning *ereport.Condition, err error) {
	n := (*Node)(c)
	l := n.writtenTo(ctx)
	if l == nil {
		return nil, replication.ErrDeposed
	}
	wait, err := replication.ParseLevel(level)
	if err != nil {
		return nil, err
	}
	began := n.opts.Now()
	defer func() { n.commits.note(n.opts.Now().Sub(began), err) }()
	if level != "off" {
		if err := l.engine.Log().Flush(lsn); err != nil {
			return nil, &rmgr.Error{Code: "58030", Message: "could not make the log durable: " + err.Error(), Detail: "The fate of the transaction is unknown."}
		}
	}
	err = l.sync.Wait(ctx, lsn, wait)
	if errors.Is(err, replication.ErrWaitCancelled) {
		return replication.ErrWaitCancelled, nil
	}
	return nil, err
}

// writtenTo is the data directory that the session has written to: it may have been replaced since,
// and the new one's log says nothing about what was written to the old.
func (n *Node) writtenTo(ctx context.Context) *local {
	if session := sql.FromContext(ctx); session != nil {
		if l, ok := n.writers.LoadAndDelete(session); ok {
			return l.(*local)
		}
	}
	return n.current().local
}
