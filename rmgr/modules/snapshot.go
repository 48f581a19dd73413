package modules

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Version is the value of Snapshot.APIVersion. On disk: fields are added under it, never renamed.
const Version = "redoubt.dev/modules/v1"

// A Snapshot is what a MODULES record carries: true for every record after it, up to the next one.
type Snapshot struct {
	APIVersion string     `json:"apiVersion"`
	Modules    []Module   `json:"modules"` // sorted by name
	Departed   []Departed `json:"departed,omitempty"`
}

// A Module of a snapshot was loaded on the node that wrote it.
type Module struct {
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Retiring bool      `json:"retiring,omitempty"` // loaded, replays, refuses new records
	Managers []Manager `json:"rmgrs"`
}

// A Manager of a snapshot, with its format in force.
type Manager struct {
	ID      wal.RmgrID       `json:"id"`
	Name    string           `json:"name"`
	Writes  rmgr.FormatRange `json:"writes"`
	Replays rmgr.FormatRange `json:"replays"`
	Format  rmgr.Format      `json:"format"`
}

// A Departed manager was loaded once and is not any more: kept so that an older record can still be
// named, and so that its format is found again should it come back.
type Departed struct {
	Module  string      `json:"module"`
	Version string      `json:"version"`
	ID      wal.RmgrID  `json:"id"`
	Name    string      `json:"name"`
	Format  rmgr.Format `json:"format"`
}

// Initial is the snapshot of a new cluster. Nothing older has to read its log, so every manager
// begins with the highest format it writes.
func Initial(loaded rmgr.Manifest) Snapshot { return Snapshot{APIVersion: Version}.Merge(loaded) }

// Encode gives the record's main data.
func (s Snapshot) Encode() ([]byte, error) {
	if s.Modules == nil {
		s.Modules = []Module{}
	}
	s.APIVersion = Version
	return json.Marshal(s)
}

// Decode reads the record's main data. Unknown fields are ignored: a newer node may add some.
func Decode(main []byte) (Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(main, &s); err != nil {
		return Snapshot{}, fmt.Errorf("MODULES record: %w", err)
	}
	if s.APIVersion != Version {
		return Snapshot{}, fmt.Errorf("MODULES record has version %q, this node reads %q: start it with a newer image", s.APIVersion, Version)
	}
	var seen [256]bool
	for _, m := range s.Modules {
		for _, r := range m.Managers {
			if seen[r.ID] || !r.ID.Custom() || r.Format == 0 {
				return Snapshot{}, fmt.Errorf("MODULES record names resource manager %d (%s) twice, outside 128–255 or without a format", r.ID, r.Name)
			}
			seen[r.ID] = true
		}
	}
	return s, nil
}

// Format is the format in force for a manager, 0 if the snapshot does not have it.
func (s Snapshot) Format(id wal.RmgrID) rmgr.Format {
	if _, r := s.find(id); r != nil {
		return r.Format
	}
	return 0
}

// Retiring reports whether new records of a manager are refused.
func (s Snapshot) Retiring(id wal.RmgrID) bool {
	m, _ := s.find(id)
	return m != nil && m.Retiring
}

// Owner is the module of a manager, in the version that the snapshot knows, also of a departed one.
func (s Snapshot) Owner(id wal.RmgrID) (module, version string, ok bool) {
	if m, _ := s.find(id); m != nil {
		return m.Name, m.Version, true
	}
	for _, d := range s.Departed {
		if d.ID == id {
			return d.Module, d.Version, true
		}
	}
	return "", "", false
}

// NotRegistered is the error for a record at lsn whose manager is not loaded, as well informed as
// the snapshot allows.
func (s Snapshot) NotRegistered(id wal.RmgrID, lsn wal.LSN) *rmgr.NotRegisteredError {
	module, version, _ := s.Owner(id)
	return &rmgr.NotRegisteredError{ID: id, LSN: lsn, Module: module, Version: version}
}

// Manifest is the snapshot without formats in force.
func (s Snapshot) Manifest() rmgr.Manifest {
	out := rmgr.Manifest{APIVersion: rmgr.ManifestVersion, Modules: []rmgr.ModuleManifest{}}
	for _, m := range s.Modules {
		mm := rmgr.ModuleManifest{Name: m.Name, Version: m.Version, Managers: []rmgr.ManagerManifest{}}
		for _, r := range m.Managers {
			mm.Managers = append(mm.Managers, rmgr.ManagerManifest{ID: r.ID, Name: r.Name, Writes: r.Writes, Replays: r.Replays})
		}
		out.Modules = append(out.Modules, mm)
	}
	return out
}

// WithFormat raises the format in force of one manager. The caller has made sure that every member
// replays it. Asking for the format in force changes nothing; asking for less is refused.
func (s Snapshot) WithFormat(id wal.RmgrID, f rmgr.Format) (Snapshot, error) {
	next := s.clone()
	_, r := next.find(id)
	switch {
	case r == nil:
		return s, fmt.Errorf("resource manager %d is not loaded, so it has no format to raise", id)
	case f < r.Format:
		return s, fmt.Errorf("format %d of resource manager %d (%s) is in force and cannot be lowered to %d: load a module that writes only the older format instead", r.Format, id, r.Name, f)
	case !r.Writes.Has(f):
		return s, fmt.Errorf("resource manager %d (%s) as loaded writes formats %d–%d, not %d", id, r.Name, r.Writes.Min, r.Writes.Max, f)
	}
	r.Format = f
	return next, nil
}

// WithRetiring switches the retiring state of one module.
func (s Snapshot) WithRetiring(module string, retiring bool) (Snapshot, error) {
	next := s.clone()
	for i := range next.Modules {
		if next.Modules[i].Name == module {
			next.Modules[i].Retiring = retiring
			return next, nil
		}
	}
	return s, fmt.Errorf("module %q is not loaded", module)
}

// Equal reports whether two snapshots say the same, so that no new record is needed.
func (s Snapshot) Equal(o Snapshot) bool {
	return slices.EqualFunc(s.Modules, o.Modules, func(a, b Module) bool {
		return a.Name == b.Name && a.Version == b.Version && a.Retiring == b.Retiring && slices.Equal(a.Managers, b.Managers)
	}) && slices.Equal(s.Departed, o.Departed)
}

func (s Snapshot) find(id wal.RmgrID) (*Module, *Manager) {
	for i := range s.Modules {
		for j := range s.Modules[i].Managers {
			if s.Modules[i].Managers[j].ID == id {
				return &s.Modules[i], &s.Modules[i].Managers[j]
			}
		}
	}
	return nil, nil
}

func (s Snapshot) clone() Snapshot {
	s.Modules = slices.Clone(s.Modules)
	for i := range s.Modules {
		s.Modules[i].Managers = slices.Clone(s.Modules[i].Managers)
	}
	s.Departed = slices.Clone(s.Departed)
	return s
}
