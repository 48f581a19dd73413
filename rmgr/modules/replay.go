package modules

import (
	"fmt"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A Need is something that the log may ask of a node: to replay records of one manager in one format.
// A census has one per manager and format; a snapshot has one per manager ([Snapshot.Needs]).
type Need struct {
	ID      wal.RmgrID
	Format  rmgr.Format // 0: not known, so nobody can promise to replay it
	Name    string      // of the manager, "" if not known
	Module  string      // "" if not known
	Version string
	First   wal.LSN // the first such record, 0 if not known
}

// Reason says why a need cannot be met. The words appear in status, conditions and events.
type Reason string

const (
	ModuleMissing  Reason = "ModuleMissing"  // no manager with the ID is loaded
	FormatUnknown  Reason = "FormatUnknown"  // the loaded manager does not replay the format
	ManagerDiffers Reason = "ManagerDiffers" // another manager is loaded under the same ID
)

// A Problem is a need that the loaded modules do not meet.
type Problem struct {
	Reason Reason
	Need   Need
	// Has is the loaded manager, for FormatUnknown and ManagerDiffers, and HasModule what it is part of.
	Has       rmgr.ManagerManifest
	HasModule rmgr.ModuleManifest
}

// Error says it to people, with the remedy.
func (p Problem) Error() string {
	at := ""
	if p.Need.First != wal.InvalidLSN {
		at = fmt.Sprintf(" at %s", p.Need.First)
	}
	switch p.Reason {
	case ModuleMissing:
		e := rmgr.NotRegisteredError{ID: p.Need.ID, LSN: p.Need.First, Module: p.Need.Module, Version: p.Need.Version}
		return e.Error() + ": " + e.Hint()
	case ManagerDiffers:
		return fmt.Sprintf("the log's records%s with resource manager ID %d were written by %q, but %q of module %s %s has this ID here: load the module that wrote them",
			at, p.Need.ID, p.Need.Name, p.Has.Name, p.HasModule.Name, p.HasModule.Version)
	}
	want := fmt.Sprintf("format %d", p.Need.Format)
	if p.Need.Format == 0 {
		want = "a format that is not known"
	}
	return fmt.Sprintf("the log has records%s of resource manager %d (%s) in %s, and module %s %s replays formats %d–%d: load a version that replays it",
		at, p.Need.ID, p.Has.Name, want, p.HasModule.Name, p.HasModule.Version, p.Has.Replays.Min, p.Has.Replays.Max)
}

// CanReplay lists what the loaded modules cannot replay, in the order of needs; none is a yes.
//
// Recovery asks it with the census of the log that it is about to replay, and on any problem stops
// before it has touched a page. A standby asks it with the needs of each MODULES record it meets: a
// problem there does no harm until the first record of that manager, so it keeps the problems and
// pauses before such a record. Built-in managers are the engine's affair and are passed over.
func CanReplay(loaded rmgr.Manifest, needs []Need) []Problem {
	var problems []Problem
	for _, n := range needs {
		if !n.ID.Custom() || n.ID == wal.RmgrModules {
			continue
		}
		mod, has, ok := loaded.Manager(n.ID)
		switch {
		case !ok:
			problems = append(problems, Problem{Reason: ModuleMissing, Need: n})
		case n.Name != "" && !strings.EqualFold(n.Name, has.Name):
			problems = append(problems, Problem{Reason: ManagerDiffers, Need: n, Has: has, HasModule: mod})
		case !has.Replays.Has(n.Format):
			problems = append(problems, Problem{Reason: FormatUnknown, Need: n, Has: has, HasModule: mod})
		}
	}
	return problems
}

// Needs is what any record after this snapshot may ask of a reader: every manager in its format in force.
func (s Snapshot) Needs() []Need {
	var needs []Need
	for _, m := range s.Modules {
		for _, r := range m.Managers {
			needs = append(needs, Need{ID: r.ID, Format: r.Format, Name: r.Name, Module: m.Name, Version: m.Version})
		}
	}
	return needs
}
