package plan

import (
	"slices"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// announce records the families of records that the serving primary may write. A module that retires is
// left out: an override of the gate may have given its records up.
func announce(s *State) []Step {
	p := s.serving()
	return s.announced(p, slices.DeleteFunc(slices.Clone(p.Status.Modules), func(m control.Module) bool { return s.progress(m.Name) != nil }))
}

// announced records what p can write before it is opened, and not earlier: while no primary has loaded a
// new module, an instance without it lacks nothing and can take over, and a holder that cannot be asked
// has nothing of it, so that the module's rollout can be taken back.
func (s *State) announced(p *Member, loaded []control.Module) []Step {
	records := s.mayWrite(manifests(loaded))
	if slices.Equal(records, s.Records) {
		return nil
	}
	d := s.decisions()
	d.Records = records
	return []Step{record(d, v1.ReasonRecordsAnnounced, p.Name, p.Name+" may write records of "+offers(manifests(loaded))+" from now on")}
}

// mayWrite adds what modules write to the families of records that may stand in the log. The format in
// force stays where it is while they can write it.
func (s *State) mayWrite(modules []v1.ModuleManifest) []v1.RecordFamily {
	out := slices.Clone(s.Records)
	for _, m := range modules {
		for _, r := range m.Rmgrs {
			k := slices.IndexFunc(out, func(f v1.RecordFamily) bool { return f.Rmgr == r.ID })
			switch {
			case k < 0:
				out = append(out, v1.RecordFamily{Module: m.Name, Rmgr: r.ID, Name: r.Name, Formats: r.Writes})
			case r.Writes.Min > out[k].Formats.Max: // it cannot write the old format
				out[k].Formats.Max = r.Writes.Max
			}
		}
	}
	slices.SortFunc(out, func(a, b v1.RecordFamily) int { return int(a.Rmgr - b.Rmgr) })
	return out
}

// manifests are the loaded modules that take new records.
func manifests(loaded []control.Module) []v1.ModuleManifest {
	var out []v1.ModuleManifest
	for _, m := range loaded {
		manifest := v1.ModuleManifest{Name: m.Name, Version: m.Version}
		for _, r := range m.Managers {
			if id := int32(r.ID); id >= firstCustom && id != modulesRmgr && !m.Retiring {
				manifest.Rmgrs = append(manifest.Rmgrs, v1.RmgrManifest{ID: id, Name: r.Name,
					Writes: v1.FormatRange{Min: int32(r.Writes.Min), Max: int32(r.Writes.Max)}})
			}
		}
		out = append(out, manifest)
	}
	return out
}
