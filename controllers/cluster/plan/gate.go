package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

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

// An Override lets one family of records go.
type Override struct {
	Module string
	Rmgr   int32
	Until  time.Time
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

// inForce refuses what the primary goes on to write.
func (g *gate) inForce(h LogHolder) {
	for _, m := range h.Writes {
		for _, r := range m.Managers {
			id, format := int32(r.ID), int32(r.Format)
			if m.Retiring || id < firstCustom || id == modulesRmgr || format == 0 || g.replays(id, r.Name, format) {
				continue
			}
			g.refusals = append(g.refusals, v1.Refusal{
				Reason: v1.ReasonFormatInForce, Module: m.Name, Rmgr: id, Name: r.Name, Format: format, Instance: h.Instance, Holder: "primary",
				Message: fmt.Sprintf("the primary %s writes records of %s (rmgr %d, %s) in format %d, which the wanted modules cannot replay; a format in force is never lowered. What clears it: retire %s first, or choose an image that replays format %d",
					h.Instance, m.Name, id, r.Name, format, m.Name, format),
			})
		}
	}
}

// gate asks Gate about a revision, and takes out what an override lets go.
func (s *State) gate(rev *v1.Revision) (v1.Gate, []Override) {
	g := Gate(rev.Modules, s.Records, s.received(s.holders()))
	for _, m := range s.Modules {
		g.Refusals = append(g.Refusals, stillRetiring(m, rev, s.Records, g.Refusals)...)
	}
	g.Refusals = append(g.Refusals, s.mayBeInForce(rev, g.Refusals)...)
	g.Refusals = append(g.Refusals, s.aboutToWrite(rev)...)
	var used []Override
	for _, o := range overrides(s.Annotations[v1.AnnotationOverride], s.Now) {
		before := len(g.Refusals)
		g.Refusals = slices.DeleteFunc(g.Refusals, func(r v1.Refusal) bool { return r.Module == o.Module && r.Rmgr == o.Rmgr })
		if len(g.Refusals) < before {
			used = append(used, o)
		}
	}
	g.Blocked = ""
	if len(g.Refusals) > 0 {
		g.Blocked = g.Refusals[0].Reason
		g.Refusals = g.Refusals[:min(len(g.Refusals), 64)]
	}
	return g, used
}

// stillRetiring refuses a revision without a module that is retiring, also while no census has a record
// of it: a standby may still have to receive some.
func stillRetiring(m v1.ModuleProgress, rev *v1.Revision, records []v1.RecordFamily, already []v1.Refusal) []v1.Refusal {
	offered := slices.ContainsFunc(rev.Modules, func(o v1.ModuleManifest) bool { return o.Name == m.Name })
	named := slices.ContainsFunc(already, func(r v1.Refusal) bool { return r.Module == m.Name })
	k := slices.IndexFunc(records, func(f v1.RecordFamily) bool { return f.Module == m.Name })
	if m.State != v1.StateRetiring || offered || named || k < 0 {
		return nil
	}
	return []v1.Refusal{{
		Reason: v1.ReasonRecordsRemain, Module: m.Name, Rmgr: records[k].Rmgr, Name: records[k].Name,
		Message: m.Name + " is retiring, and it is not proven yet that nobody holds a record of it. What clears it: waiting; the condition Retiring says for whom",
	}}
}

// mayBeInForce refuses a revision that cannot replay what a primary may begin to write, or writes while
// nobody says so: a raise of the format is recorded first, and takes effect at any moment from then on.
func (s *State) mayBeInForce(rev *v1.Revision, already []v1.Refusal) []v1.Refusal {
	if s.Timeline == nil {
		return nil // there has been no primary
	}
	g := gate{wanted: rev.Modules}
	var out []v1.Refusal
	for _, f := range s.Records {
		named := slices.ContainsFunc(already, func(r v1.Refusal) bool { return r.Module == f.Module && r.Rmgr == f.Rmgr })
		if why := s.whyInForce(f, g); why != "" && !named {
			out = append(out, v1.Refusal{
				Reason: v1.ReasonFormatInForce, Module: f.Module, Rmgr: f.Rmgr, Name: f.Name, Format: f.Formats.Max, Instance: s.Timeline.Primary, Holder: "primary",
				Message: fmt.Sprintf("%s, and the wanted modules do not replay records of %s (rmgr %d, %s) in formats %d–%d. What clears it: waiting until a primary says what it writes; then retire %s, or choose an image that replays it",
					why, f.Module, f.Rmgr, f.Name, f.Formats.Min, f.Formats.Max, f.Module),
			})
		}
	}
	return out
}

// whyInForce says why a format of a family may be in force that the gate cannot replay and of which the
// primary's status tells nothing; "" if none may.
func (s *State) whyInForce(f v1.RecordFamily, g gate) string {
	p := s.serving()
	if p == nil {
		if g.replaysAll(f) {
			return ""
		}
		return "no primary serves that could say which format is in force"
	}
	for _, m := range p.Status.Modules {
		for _, r := range m.Managers {
			if int32(r.ID) == f.Rmgr && !m.Retiring && int32(r.Format) < f.Formats.Max && !g.replays(f.Rmgr, f.Name, f.Formats.Max) {
				return fmt.Sprintf("%s is told to write format %d", p.Name, f.Formats.Max)
			}
		}
	}
	return ""
}

// wouldWrite is the first manager of a member whose records a revision could not replay if the member became
// the primary: of a rollout that another has overtaken. nil: there is none.
func (s *State) wouldWrite(m *Member, rev *v1.Revision) *v1.RecordFamily {
	if rev == nil || m.Status == nil {
		return nil
	}
	g := gate{wanted: rev.Modules}
	for _, module := range manifests(m.Status.Modules) {
		for _, r := range module.Rmgrs {
			begins := v1.RecordFamily{Module: module.Name, Rmgr: r.ID, Name: r.Name, Formats: r.Writes}
			k := slices.IndexFunc(s.Records, func(f v1.RecordFamily) bool {
				return f.Rmgr == r.ID && (f.Name == "" || strings.EqualFold(f.Name, r.Name))
			})
			if k >= 0 { // it goes on with the format in force, if it can
				begins.Formats.Max = begins.Formats.Min
			}
			if goesOn := k >= 0 && r.Writes.Min <= s.Records[k].Formats.Max; !goesOn && !g.replaysAll(begins) {
				return &begins
			}
		}
	}
	return nil
}

// aboutToWrite refuses a revision that cannot replay what the chosen primary will write once it is opened.
func (s *State) aboutToWrite(rev *v1.Revision) []v1.Refusal {
	p := s.primary()
	if p == nil || s.serving() != nil {
		return nil
	}
	f := s.wouldWrite(p, rev)
	if f == nil {
		return nil
	}
	return []v1.Refusal{{
		Reason: v1.ReasonFormatInForce, Module: f.Module, Rmgr: f.Rmgr, Name: f.Name, Format: f.Formats.Max, Instance: p.Name, Holder: "primary",
		Message: fmt.Sprintf("%s is about to be the primary and will write records of %s (rmgr %d, %s), which the wanted modules cannot replay. What clears it: retire %s once it serves, or choose an image that replays them",
			p.Name, f.Module, f.Rmgr, f.Name, f.Module),
	}}
}

func (s *State) holders() []LogHolder {
	var out []LogHolder
	p := s.serving()
	for i := range s.Members {
		m := &s.Members[i]
		h := LogHolder{Instance: m.Name, Census: m.Census, Why: m.whyUnknown()}
		switch {
		case m.role() == control.RoleEmpty:
			continue // it holds nothing
		case m.role() == "":
			h.Census = nil
		case m == p:
			h.Writes = m.Status.Modules
		}
		out = append(out, h)
	}
	return out
}

// received makes those unknown that lack log which the primary has removed already: it was on its way to
// them when they were asked, or they will be cloned anew.
func (s *State) received(holders []LogHolder) []LogHolder {
	p := s.serving()
	for i := range holders {
		if h := &holders[i]; p != nil && h.Census != nil && s.lacksLog(s.member(h.Instance), p) {
			h.Census, h.Why = nil, lacksLog
		}
	}
	return holders
}

const lacksLog = "has not received all of the log that the primary has already removed"

func (s *State) lacksLog(m, p *Member) bool {
	return m != p && m.Status.FlushLSN < oldestKept(p.Census)
}

func (m *Member) whyUnknown() string {
	switch {
	case m.Pod == nil:
		return "its volume has no pod"
	case m.Pod.Problem != "":
		return m.Pod.Problem
	case !m.Reached:
		return "it cannot be reached: " + m.Detail
	}
	return "its census is not known"
}

// overrides reads "MODULE/RMGR until RFC3339[, …]". What is over or not understood lets nothing go.
func overrides(annotation string, now time.Time) []Override {
	var out []Override
	for part := range strings.SplitSeq(annotation, ",") {
		what, until, ok := strings.Cut(strings.TrimSpace(part), " until ")
		module, id, ok2 := strings.Cut(what, "/")
		n, err := strconv.ParseInt(id, 10, 32)
		t, err2 := time.Parse(time.RFC3339, until)
		if ok && ok2 && err == nil && err2 == nil && now.Before(t) {
			out = append(out, Override{Module: module, Rmgr: int32(n), Until: t})
		}
	}
	return out
}
