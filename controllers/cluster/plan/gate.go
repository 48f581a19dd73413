package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// A LogHolder keeps log and may have to replay it, or write it.
type LogHolder struct {
	Instance string
	Census   *control.Census  // nil: it cannot be asked
	Why      string           // it cannot be asked
	Writes   []control.Module // of the primary: what it writes now
}

// Gate decides whether the wanted modules may run: every record that a holder has, every format that
// the primary writes now, and whatever a holder that cannot be asked may have, must be replayable.
// records are the families that may stand in the log at all: more than these a silent holder cannot
// have.
func Gate(wanted []v1.ModuleManifest, records []v1.RecordFamily, holders []LogHolder) v1.Gate {
	g := gate{wanted: wanted, records: records}
	for _, h := range holders {
		for _, m := range h.Writes {
			if m.Retiring {
				g.retiring = append(g.retiring, m.Name)
			}
		}
	}
	for _, h := range holders {
		if h.Census == nil {
			g.unknown(h.Instance, "the instance", "", h.Why)
		} else {
			for _, kept := range h.Census.Holders {
				g.holder(h.Instance, kept)
			}
		}
	}
	for _, h := range holders {
		g.inForce(h)
	}
	out := v1.Gate{Refusals: g.refusals}
	if len(out.Refusals) > 0 {
		out.Blocked = out.Refusals[0].Reason
	}
	return out
}

type gate struct {
	wanted   []v1.ModuleManifest
	records  []v1.RecordFamily
	retiring []string // modules of which the primary writes nothing more
	refusals []v1.Refusal
}

// manager is the wanted one of an ID and a name. Under another name it replays nothing of the first one's:
// nodes compare names as well. "": the name is not known, so the ID decides.
func (g *gate) manager(id int32, name string) (v1.RmgrManifest, bool) {
	for _, m := range g.wanted {
		for _, r := range m.Rmgrs {
			if r.ID == id && (name == "" || strings.EqualFold(r.Name, name)) {
				return r, true
			}
		}
	}
	return v1.RmgrManifest{}, false
}

func (g *gate) replays(id int32, name string, format int32) bool {
	r, ok := g.manager(id, name)
	return ok && r.Replays.Min <= format && format <= r.Replays.Max
}

func (g *gate) replaysAll(f v1.RecordFamily) bool {
	return g.replays(f.Rmgr, f.Name, f.Formats.Min) && g.replays(f.Rmgr, f.Name, f.Formats.Max)
}

// lost are the families of which the wanted modules cannot replay every format.
func (g *gate) lost() []v1.RecordFamily {
	return slices.DeleteFunc(slices.Clone(g.records), g.replaysAll)
}

func (g *gate) unknown(instance, what, name, why string) {
	for _, f := range g.lost() {
		if why == "" {
			why = "it does not answer"
		}
		g.refusals = append(g.refusals, v1.Refusal{
			Reason: v1.ReasonHolderUnknown, Module: f.Module, Rmgr: f.Rmgr, Name: f.Name, Instance: instance, Holder: strings.TrimSpace(what + " " + name),
			Message: fmt.Sprintf("it is not known what %s of %s holds (%s); it may have records of %s (rmgr %d, %s) in formats %d–%d. What clears it: let %s answer, or scale it away",
				strings.TrimSpace(what+" "+name), instance, why, f.Module, f.Rmgr, f.Name, f.Formats.Min, f.Formats.Max, instance),
		})
	}
}

func (g *gate) holder(instance string, h control.Holder) {
	what := string(h.Kind)
	if h.Unknown {
		g.unknown(instance, what, h.Name, h.Reason)
	}
	if h.Name != "" {
		what += " " + h.Name
	}
	for _, r := range h.Records {
		id, format := int32(r.Rmgr), int32(r.Format)
		if id < firstCustom || id == modulesRmgr || r.Count == 0 || format != 0 && g.replays(id, r.Name, format) {
			continue
		}
		if format == 0 && !slices.ContainsFunc(g.lost(), func(f v1.RecordFamily) bool { return f.Rmgr == id }) {
			if _, ok := g.manager(id, r.Name); ok {
				continue // in whatever format of the family it is, all are replayable
			}
		}
		module := r.Module
		if module == "" {
			module = g.moduleOf(id)
		}
		g.refusals = append(g.refusals, v1.Refusal{
			Reason: v1.ReasonRecordsRemain, Module: module, Rmgr: id, Name: r.Name, Format: format, Instance: instance, Holder: what,
			First: r.First.String(), Last: r.Last.String(), Count: r.Count,
			Message: fmt.Sprintf("%s of %s holds %d records of %s (rmgr %d, %s) in format %d, from %s to %s, which the wanted modules cannot replay. What clears it: %s",
				what, instance, r.Count, module, id, r.Name, format, r.First, r.Last, g.cure(h, module)),
		})
	}
}

func (g *gate) moduleOf(id int32) string {
	for _, f := range g.records {
		if f.Rmgr == id {
			return f.Module
		}
	}
	return ""
}

func (g *gate) cure(h control.Holder, module string) string {
	switch h.Kind {
	case control.HolderSlot:
		return fmt.Sprintf("the reader of slot %s catches up, or the slot is dropped", h.Name)
	case control.HolderArchive, control.HolderBackup:
		return "its retention removes it"
	}
	if slices.Contains(g.retiring, module) {
		return fmt.Sprintf("waiting: %s is retiring, and checkpoints push its records out; or choose an image that replays them", module)
	}
	return fmt.Sprintf("retire %s (state: Retiring, or delete its entry): checkpoints then push its records out; or choose an image that replays them", module)
}
