package plan

import (
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

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

// An Override lets one family of records go.
type Override struct {
	Module string
	Rmgr   int32
	Until  time.Time
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
