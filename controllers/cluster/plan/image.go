package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// askAgain is when an image that gave no answer is asked once more: it may have been pushed since.
const askAgain = time.Minute

// probe asks the image of the spec what it offers, before any pod is touched.
func probe(s *State) []Step {
	var steps []Step
	answered := s.Image != nil && s.Image.Reference == s.Spec.Image && (s.Image.Error == "" || !s.over(s.Image.AskedAt.Time, askAgain))
	if p := s.Probe; p != nil {
		outdated := p.Revision != s.ProbeRevision && (p.Answer == nil || p.Answer.Error != "") // made with what may be why it does not answer
		if p.Reference != s.Spec.Image || answered || outdated {
			return []Step{{Do: DeleteProbe, Target: p.Reference, Reason: v1.ReasonProbeFinished}}
		}
		if p.Answer != nil {
			d := s.decisions()
			d.Image = p.Answer.DeepCopy()
			d.Image.AskedAt = metav1.NewTime(s.Now)
			message := "it offers " + offers(d.Image.Modules)
			if d.Image.Error != "" {
				message = d.Image.Error
			}
			return []Step{record(d, v1.ReasonProbeFinished, s.Spec.Image, message), {Do: DeleteProbe, Target: p.Reference, Reason: v1.ReasonProbeFinished}}
		}
		return nil
	}
	if !answered {
		steps = append(steps, Step{Do: ProbeImage, Target: s.Spec.Image, Reason: v1.ReasonProbeImage, Message: "what does " + s.Spec.Image + " offer?"})
	}
	return steps
}

func offers(modules []v1.ModuleManifest) string {
	var out []string
	for _, m := range modules {
		out = append(out, m.Name+" "+m.Version)
	}
	if len(out) == 0 {
		return "no module"
	}
	return strings.Join(out, ", ")
}

// ReadAnswer turns a probe's termination message into what the image offers. Whatever it is that the
// image said, the answer is a status: an error in it is for people.
func ReadAnswer(reference, image, digest string, exitCode int32, message string) v1.ImageStatus {
	answer := v1.ImageStatus{Reference: reference, Image: image, Digest: digest}
	var manifest control.Manifest
	switch err := json.Unmarshal([]byte(message), &manifest); {
	case exitCode != 0:
		answer.Reason = v1.ReasonProbeFailed
		answer.Error = fmt.Sprintf("`node modules` ended with code %d: %s", exitCode, excerpt(message))
	case err != nil:
		answer.Reason = v1.ReasonProbeGarbage
		answer.Error = fmt.Sprintf("`node modules` did not answer with a manifest (%v): %s", err, excerpt(message))
	case manifest.APIVersion != control.ManifestVersion:
		answer.Reason = v1.ReasonProbeGarbage
		answer.Error = fmt.Sprintf("the manifest has apiVersion %q; this operator reads %q", manifest.APIVersion, control.ManifestVersion)
	default:
		if why := unfitForStatus(manifest.Modules); why != "" {
			answer.Reason, answer.Error = v1.ReasonProbeGarbage, why
			break
		}
		for _, m := range manifest.Modules {
			answer.Modules = append(answer.Modules, moduleManifest(m))
		}
	}
	return answer
}

// What the API's schema takes of an image. What it does not take could not be recorded, and no decision
// about the cluster with it.
const (
	maxModules = 64
	maxName    = 128 // of a module, and its version
)

// unfitForStatus says why a list of modules cannot stand in a status; "" if it can.
func unfitForStatus(modules []control.Module) string {
	if len(modules) > maxModules {
		return fmt.Sprintf("the manifest has %d modules; an image may have %d", len(modules), maxModules)
	}
	seen := map[string]bool{}
	for _, m := range modules {
		switch {
		case len(m.Name) > maxName || len(m.Version) > maxName:
			return fmt.Sprintf("the manifest has a module whose name or version is longer than %d bytes: %s", maxName, excerpt(m.Name+" "+m.Version))
		case seen[m.Name]:
			return "the manifest has module " + m.Name + " twice"
		}
		seen[m.Name] = true
	}
	return ""
}

func excerpt(s string) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "?")
	if s == "" {
		return "it said nothing"
	}
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}

func moduleManifest(m control.Module) v1.ModuleManifest {
	out := v1.ModuleManifest{Name: m.Name, Version: m.Version}
	for _, r := range m.Managers {
		out.Rmgrs = append(out.Rmgrs, v1.RmgrManifest{ID: int32(r.ID), Name: r.Name, Writes: formats(r.Writes), Replays: formats(r.Replays)})
	}
	return out
}

func formats(r control.FormatRange) v1.FormatRange {
	return v1.FormatRange{Min: int32(r.Min), Max: int32(r.Max)}
}

// Numbers of resource managers, as PostgreSQL has them.
const (
	firstCustom  = 128
	lastCustom   = 255
	experimental = 128
	modulesRmgr  = 250 // Redoubt's own, in every node
)

// checkImage compares what the image offers with what the spec requires. The reason is Probed when it
// fits.
func checkImage(s *State) (reason, message string) {
	image := s.Image
	if image == nil || image.Reference != s.Spec.Image {
		if s.Probe != nil && s.Probe.Problem != "" {
			return v1.ReasonProbeFailed, "the image does not start: " + s.Probe.Problem
		}
		return v1.ReasonProbing, "the image is being asked what it offers"
	}
	if image.Error != "" {
		return image.Reason, image.Error
	}
	ids, names := map[int32]string{}, map[string]string{}
	for i, want := range s.Spec.Modules {
		field := fmt.Sprintf("spec.modules[%d]", i)
		k := slices.IndexFunc(image.Modules, func(m v1.ModuleManifest) bool { return m.Name == want.Name })
		switch {
		case want.State == v1.ModuleRetiring:
			continue // the gate decides when it may be missing
		case k < 0:
			return v1.ReasonModuleNotOffered, fmt.Sprintf("%s: the image does not offer module %s; it offers %s", field, want.Name, offers(image.Modules))
		case image.Modules[k].Version != want.Version:
			return v1.ReasonModuleVersion, fmt.Sprintf("%s: the image offers %s %s, not %s", field, want.Name, image.Modules[k].Version, want.Version)
		}
		offered := image.Modules[k]
		if want.Rmgrs != nil {
			if reason, message := sameManagers(field, want, offered); reason != "" {
				return reason, message
			}
		}
		for _, r := range offered.Rmgrs {
			switch {
			case r.ID < firstCustom || r.ID > lastCustom:
				return v1.ReasonRmgrIDOutOfRange, fmt.Sprintf("%s: module %s registers resource manager %s with ID %d: custom IDs are %d to %d", field, want.Name, r.Name, r.ID, firstCustom, lastCustom)
			case r.ID == modulesRmgr:
				return v1.ReasonRmgrIDTaken, fmt.Sprintf("%s: module %s registers ID %d, which is Redoubt's own", field, want.Name, r.ID)
			case r.ID == experimental && !s.Spec.AllowExperimental:
				return v1.ReasonExperimentalNotAllowed, fmt.Sprintf("%s: module %s uses the experimental ID %d: reserve one for it, or set spec.allowExperimental", field, want.Name, r.ID)
			case ids[r.ID] != "":
				return v1.ReasonRmgrIDTaken, fmt.Sprintf("%s: modules %s and %s both register ID %d", field, ids[r.ID], want.Name, r.ID)
			case names[strings.ToLower(r.Name)] != "":
				return v1.ReasonRmgrNameTaken, fmt.Sprintf("%s: modules %s and %s both register the name %s", field, names[strings.ToLower(r.Name)], want.Name, r.Name)
			}
			ids[r.ID], names[strings.ToLower(r.Name)] = want.Name, want.Name
			for _, reserved := range s.Reserved {
				if reserved.ID == r.ID && !strings.EqualFold(reserved.Name, r.Name) {
					return v1.ReasonRmgrReserved, fmt.Sprintf("%s: module %s registers ID %d as %s, but ResourceManager rmgr-%d reserves it for %s", field, want.Name, r.ID, r.Name, r.ID, reserved.Name)
				}
			}
		}
	}
	return v1.ReasonProbed, "the image offers " + offers(image.Modules)
}

func sameManagers(field string, want v1.Module, offered v1.ModuleManifest) (reason, message string) {
	for _, w := range want.Rmgrs {
		if !slices.ContainsFunc(offered.Rmgrs, func(r v1.RmgrManifest) bool { return r.ID == w.ID && r.Name == w.Name }) {
			return v1.ReasonRmgrMismatch, fmt.Sprintf("%s.rmgrs: module %s of the image does not register resource manager %d as %s", field, want.Name, w.ID, w.Name)
		}
	}
	if len(want.Rmgrs) != len(offered.Rmgrs) {
		return v1.ReasonRmgrMismatch, fmt.Sprintf("%s.rmgrs: module %s of the image registers %d resource managers, the spec names %d", field, want.Name, len(offered.Rmgrs), len(want.Rmgrs))
	}
	return "", ""
}

// wanted is the revision that the spec asks for; nil while the image is not accepted. A retiring
// module belongs to it as long as it is not retired and the image has it.
func (s *State) wanted() *v1.Revision {
	if reason, _ := checkImage(s); reason != v1.ReasonProbed {
		return nil
	}
	rev := &v1.Revision{Reference: s.Image.Reference, Image: s.Image.Image, Digest: s.Image.Digest}
	for _, m := range s.Image.Modules {
		if s.wantsActive(m.Name) || s.isRetiring(m.Name) {
			rev.Modules = append(rev.Modules, m)
		}
	}
	return rev
}

func (s *State) wantsActive(module string) bool {
	return slices.ContainsFunc(s.Spec.Modules, func(m v1.Module) bool { return m.Name == module && m.State != v1.ModuleRetiring })
}

// accept lets a revision through that the probe knows and the gate allows: from then on pods are
// built from it.
func accept(s *State) []Step {
	steps := markRetiring(s)
	if len(steps) > 0 {
		s.Decisions = *steps[0].Decisions
	}
	want := s.wanted()
	if want == nil || equality.Semantic.DeepEqual(want, s.Accepted) {
		return steps
	}
	gate, used := s.gate(want)
	if gate.Blocked != "" {
		return steps
	}
	d := s.decisions()
	d.Accepted = want
	// What retired in another version is active again.
	d.Modules = slices.DeleteFunc(d.Modules, func(p v1.ModuleProgress) bool { return s.wantsActive(p.Name) })
	if s.Timeline == nil && s.Accepted == nil && len(s.Members) > 0 {
		// The records of a cluster are lost: what its volumes hold is unknown. A new one has no volume yet.
		d.Records = s.mayWrite(want.Modules)
	}
	d.Records = narrowed(d.Records, want)
	message := "pods are built from " + want.Image + " with " + offers(want.Modules)
	steps = append(steps, record(d, v1.ReasonNewRevision, want.Reference, message))
	for _, o := range used {
		steps[len(steps)-1].Reason = v1.ReasonGateOverridden
		steps[len(steps)-1].Message += fmt.Sprintf("; the override of %s/%d until %s was used", o.Module, o.Rmgr, o.Until.Format(time.RFC3339))
	}
	return steps
}

// narrowed are the families without what a revision does not replay, which the gate has just found nobody
// to hold, or an override gave up. No instance of the revision could ever be promoted otherwise.
func narrowed(records []v1.RecordFamily, rev *v1.Revision) []v1.RecordFamily {
	g := gate{wanted: rev.Modules}
	var out []v1.RecordFamily
	for _, f := range records {
		r, loaded := g.manager(f.Rmgr, f.Name)
		f.Formats.Min, f.Formats.Max = max(f.Formats.Min, r.Replays.Min), min(f.Formats.Max, r.Replays.Max)
		if loaded && f.Formats.Min <= f.Formats.Max {
			out = append(out, f)
		}
	}
	return out
}
