package modules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// Merge is the snapshot that a primary writes when it starts or is promoted with the modules loaded,
// after a log whose last snapshot is s. Per manager:
//
//   - It was loaded before, under the same name: its format in force stays, if the manager can write
//     it. So rolling in a newer module changes no byte of the log until the format is raised by
//     command, and the older image may still come back.
//   - It can only write newer formats: the lowest of them, so that as many other members as possible
//     still replay it. A member that does not pauses before the first such record, and says so.
//   - It can only write older formats: the highest of them. That is a downgrade, which the gate lets
//     through only when no record of the newer format remains anywhere.
//   - It was loaded once, then removed, and comes back (Departed): as if it had never been away.
//   - The cluster never had it: the highest it writes. There is no record or member of an earlier
//     version to be kind to.
//
// An ID that another manager name held before counts as new. Retiring stays with the module's name.
func (s Snapshot) Merge(loaded rmgr.Manifest) Snapshot {
	next := Snapshot{APIVersion: Version, Modules: []Module{}}
	for _, mod := range loaded.Modules {
		m := Module{Name: mod.Name, Version: mod.Version, Managers: []Manager{}}
		m.Retiring = slices.ContainsFunc(s.Modules, func(old Module) bool { return old.Name == mod.Name && old.Retiring })
		for _, r := range mod.Managers {
			m.Managers = append(m.Managers, Manager{ID: r.ID, Name: r.Name, Writes: r.Writes, Replays: r.Replays, Format: choose(s.had(r), r.Writes)})
		}
		slices.SortFunc(m.Managers, func(a, b Manager) int { return cmp.Compare(a.ID, b.ID) })
		next.Modules = append(next.Modules, m)
	}
	slices.SortFunc(next.Modules, func(a, b Module) int { return strings.Compare(a.Name, b.Name) })
	next.Departed = s.departed(next)
	return next
}

// had is the format that was in force for a manager, 0 if the cluster never had it.
func (s Snapshot) had(r rmgr.ManagerManifest) rmgr.Format {
	if _, old := s.find(r.ID); old != nil {
		if strings.EqualFold(old.Name, r.Name) {
			return old.Format
		}
		return 0
	}
	for _, d := range s.Departed {
		if d.ID == r.ID && strings.EqualFold(d.Name, r.Name) {
			return d.Format
		}
	}
	return 0
}

func choose(had rmgr.Format, writes rmgr.FormatRange) rmgr.Format {
	switch {
	case had == 0 || had > writes.Max:
		return writes.Max
	case had < writes.Min:
		return writes.Min
	}
	return had
}

// departed lists the managers that s knows and next has not loaded.
func (s Snapshot) departed(next Snapshot) []Departed {
	var out []Departed
	keep := func(d Departed) {
		if _, back := next.find(d.ID); back == nil {
			out = append(out, d)
		}
	}
	for _, m := range s.Modules {
		for _, r := range m.Managers {
			keep(Departed{Module: m.Name, Version: m.Version, ID: r.ID, Name: r.Name, Format: r.Format})
		}
	}
	for _, d := range s.Departed {
		if _, newer := s.find(d.ID); newer == nil {
			keep(d)
		}
	}
	slices.SortFunc(out, func(a, b Departed) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
