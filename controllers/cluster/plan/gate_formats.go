package plan

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

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
