package rmgr

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/redoubt-wal/redoubt/wal"
)

// Load loads the modules named by preload, in that order, out of those that the binary offers. What
// is offered and not named stays off. If anything is refused, nothing is loaded.
func (t *Table) Load(offered []Module, preload []string) error {
	byName := map[string]Module{}
	for _, m := range offered {
		if err := m.validate(); err != nil {
			return err
		}
		if _, twice := byName[m.Name]; twice {
			return refusal(fmt.Sprintf("module %q is linked into this binary more than once", m.Name), "", "Build the node with one version of each module.")
		}
		byName[m.Name] = m
	}
	next := t.clone()
	for i, name := range preload {
		m, ok := byName[name]
		switch {
		case !ok:
			return &Error{Code: "58P01", Message: fmt.Sprintf("module %q is not part of this binary", name),
				Hint: "It offers " + offer(offered) + "."}
		case slices.Contains(preload[:i], name) || t.loaded(name):
			return refusal(fmt.Sprintf("module %q is listed more than once", name), "", "Name each module once in preload_modules.")
		}
		if err := next.add(m); err != nil {
			return err
		}
	}
	*t = *next
	return nil
}

// Modules are those loaded, in the order of loading.
func (t *Table) Modules() []Module { return t.modules }

// Manifest lists what is loaded, sorted by name.
func (t *Table) Manifest() Manifest { return ManifestOf(t.modules) }

// ManifestOf lists modules, sorted by name, with their managers sorted by ID.
func ManifestOf(modules []Module) Manifest {
	out := Manifest{APIVersion: ManifestVersion, Modules: []ModuleManifest{}}
	for _, m := range modules {
		mm := ModuleManifest{Name: m.Name, Version: m.Version, Managers: []ManagerManifest{}}
		for _, r := range m.Managers {
			mm.Managers = append(mm.Managers, ManagerManifest{ID: r.ID, Name: r.Manager.Name(), Writes: r.Writes, Replays: r.Replays})
		}
		slices.SortFunc(mm.Managers, func(a, b ManagerManifest) int { return cmp.Compare(a.ID, b.ID) })
		out.Modules = append(out.Modules, mm)
	}
	slices.SortStableFunc(out.Modules, func(a, b ModuleManifest) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Manager finds a manager by ID, with its module.
func (m Manifest) Manager(id wal.RmgrID) (ModuleManifest, ManagerManifest, bool) {
	for _, mod := range m.Modules {
		for _, mgr := range mod.Managers {
			if mgr.ID == id {
				return mod, mgr, true
			}
		}
	}
	return ModuleManifest{}, ManagerManifest{}, false
}

func (t *Table) clone() *Table {
	next := *t
	next.modules = slices.Clone(t.modules)
	next.functions = slices.Clone(t.functions)
	next.byName = maps.Clone(t.byName)
	return &next
}

func (t *Table) loaded(name string) bool {
	return slices.ContainsFunc(t.modules, func(m Module) bool { return m.Name == name })
}

func (t *Table) add(m Module) error {
	for _, r := range m.Managers {
		if err := t.Register(r.ID, r.Manager); err != nil {
			return err
		}
		t.formats[r.ID] = r
	}
	t.modules = append(t.modules, m)
	return t.addFunctions(m.Name, m.Functions)
}

func offer(modules []Module) string {
	if len(modules) == 0 {
		return "no modules"
	}
	var names []string
	for _, m := range modules {
		names = append(names, m.Name+" "+m.Version)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// validate asks of a module what it can be asked without the table.
func (m Module) validate() error {
	bad := func(format string, args ...any) error {
		return refusal(fmt.Sprintf("module %q cannot be loaded", m.Name), fmt.Sprintf(format, args...), "")
	}
	if !IsModuleName(m.Name) {
		return bad("Its name must be %s.", ModuleNameRule)
	}
	if _, err := semver.StrictNewVersion(m.Version); err != nil {
		return bad("Its version %q is not a semantic version without a leading v, as 1.2.0.", m.Version)
	}
	if len(m.Managers) == 0 {
		return bad("It has no resource manager.")
	}
	own := map[wal.RmgrID]bool{}
	for _, r := range m.Managers {
		own[r.ID] = true
		if r.Manager == nil {
			return bad("Its resource manager with ID %d is nil.", r.ID)
		}
		switch {
		case r.Writes.Min < 1 || r.Writes.Min > r.Writes.Max:
			return bad("Resource manager %d writes formats %d–%d; the range must begin at 1 or above and not be empty.", r.ID, r.Writes.Min, r.Writes.Max)
		case r.Replays.Min < 1 || r.Replays.Min > r.Writes.Min || r.Replays.Max < r.Writes.Max:
			return bad("Resource manager %d replays formats %d–%d, which must contain what it writes, %d–%d.", r.ID, r.Replays.Min, r.Replays.Max, r.Writes.Min, r.Writes.Max)
		}
	}
	for _, f := range m.Functions {
		switch {
		case f.Name == "" || f.Call == nil:
			return bad("Its function %q has no name or no code.", f.Name)
		case len(f.Returns) == 0:
			return bad("Its function %q returns nothing.", f.Name)
		case f.Variadic && len(f.Args) == 0:
			return bad("Its function %q is variadic and has no argument to repeat.", f.Name)
		case len(f.Defaults) > f.fixed():
			return bad("Its function %q has more defaults than arguments that can have one.", f.Name)
		case f.Write != nil && !own[*f.Write]:
			return bad("Its function %q writes records of ID %d, which is not the module's.", f.Name, *f.Write)
		}
		for i, v := range f.Defaults {
			if a := f.Args[f.fixed()-len(f.Defaults)+i]; !a.Type.Holds(v) {
				return bad("Its function %q has the default %v (%T) for its argument %q, whose type is kept as %s.", f.Name, v, v, a.Name, a.Type.kept())
			}
		}
	}
	return nil
}
