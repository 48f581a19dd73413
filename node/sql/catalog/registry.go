package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A Registry is the usual Catalog: functions and views are added before the first session, then it
// is read only. The settings and modules are asked from the node.
type Registry struct {
	functions map[string][]*rmgr.Function
	views     map[string]*View

	// Node gives the node's settings; nil is none.
	Node func() []Setting
	// Lookup gives one of them; nil looks through Node.
	Lookup func(name string) (string, bool)
	// Changes is Generation; nil is for settings that never change.
	Changes func() uint64
	// Modules tells a module's state; nil knows none.
	Modules func(name string) ModuleState
}

var _ Catalog = (*Registry)(nil)

// AddFunctions adds functions. One that cannot be told apart from another by its name and number of
// arguments, or has no Call, is an error.
func (r *Registry) AddFunctions(list ...rmgr.Function) error {
	if r.functions == nil {
		r.functions = map[string][]*rmgr.Function{}
	}
	for i := range list {
		fn := &list[i]
		fn.Name = strings.ToLower(fn.Name)
		if fn.Name == "" || fn.Call == nil {
			return fmt.Errorf("function %q has no name or no Call", fn.Name)
		}
		if Fewest(fn) < 0 {
			return fmt.Errorf("function %s has more defaults than arguments", fn.Name)
		}
		for _, other := range r.functions[fn.Name] {
			if Fewest(fn) <= most(other) && Fewest(other) <= most(fn) {
				return fmt.Errorf("function %s is already there as %s", Signature(fn), Signature(other))
			}
		}
		r.functions[fn.Name] = append(r.functions[fn.Name], fn)
	}
	return nil
}

// AddViews adds views; a name that is taken is an error.
func (r *Registry) AddViews(list ...View) error {
	if r.views == nil {
		r.views = map[string]*View{}
	}
	for i := range list {
		v := &list[i]
		if _, taken := r.views[v.Name]; taken || v.Name == "" || v.Rows == nil {
			return fmt.Errorf("view %q is already there, or has no name or no Rows", v.Name)
		}
		v.OID = firstView + int64(len(r.views))
		r.views[v.Name] = v
	}
	return nil
}

// firstView is the first number that PostgreSQL leaves to users.
const firstView = 16384

// Views lists all views in the order of their numbers.
func (r *Registry) Views() []*View {
	return slices.SortedFunc(maps.Values(r.views), func(a, b *View) int { return cmp.Compare(a.OID, b.OID) })
}

func (r *Registry) ViewName(oid int64) (string, bool) {
	for name, v := range r.views {
		if v.OID == oid {
			return name, true
		}
	}
	return "", false
}

// Functions lists all functions by name.
func (r *Registry) Functions() []*rmgr.Function {
	var list []*rmgr.Function
	for _, fns := range r.functions {
		list = append(list, fns...)
	}
	slices.SortFunc(list, func(a, b *rmgr.Function) int { return strings.Compare(Signature(a), Signature(b)) })
	return list
}

func (r *Registry) Function(name string, nargs int) (*rmgr.Function, bool) {
	fns := r.functions[name]
	for _, fn := range fns {
		if Takes(fn, nargs) {
			return fn, true
		}
	}
	if len(fns) > 0 {
		return fns[0], true
	}
	return nil, false
}

func (r *Registry) View(name string) (*View, bool) {
	v, ok := r.views[name]
	return v, ok
}

func (r *Registry) Setting(name string) (string, bool) {
	if r.Lookup != nil {
		return r.Lookup(name)
	}
	for _, s := range r.Settings() {
		if s.Name == name {
			return s.Value, true
		}
	}
	return "", false
}

func (r *Registry) Settings() []Setting {
	if r.Node == nil {
		return nil
	}
	return r.Node()
}

func (r *Registry) Generation() uint64 {
	if r.Changes == nil {
		return 0
	}
	return r.Changes()
}

func (r *Registry) Module(name string) ModuleState {
	if r.Modules == nil {
		return ModuleUnknown
	}
	return r.Modules(name)
}
