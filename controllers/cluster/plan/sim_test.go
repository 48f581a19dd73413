package plan_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

var update = flag.Bool("update", false, "write the golden stories anew")

// A story runs the plan against instances that behave as api/control says, in steps of a tenth of a
// second, until nothing changes, and tells what was decided. Two promises are checked at every tick: a
// commit that was acknowledged is on the primary that is promoted, and no timeline is written by two.
type story struct {
	t *testing.T
	plan.State
	images   map[string][]control.Module
	broken   map[string]string // image → why its containers do not run
	nodes    map[string]*node
	acked    control.LSN
	writers  map[control.TimelineID]string
	uid      int
	quiet    bool // no writes
	wiped    bool
	lastSaid string
	out      strings.Builder
	slow     bool        // a change of the synchronous set is long on its way
	underway []plan.Step // that change; while it is, no other is sent
	outage   bool        // the API server takes nothing
	paused   []plan.Step // of an operator that was stopped before it sent them
}

// A node is a fake instance.
type node struct {
	control.Status
	pod       *plan.Pod
	image     string
	alive     bool // its process runs
	cut       bool // no network
	started   time.Time
	heard     time.Time
	records   []control.RecordCount
	promoted  control.LSN // where its timeline began
	lost      bool        // its machine is: its pod and volume stay, whoever deletes them
	leaving   bool        // its volume is being deleted
	heardPod  string      // its UID
	forgotten bool        // by an operator that was started anew
	slot      string      // of a reader that reads nothing: all log since is kept
}

var epoch = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

func kv(version string, writes, replays uint16) control.Module {
	return control.Module{Name: "kv", Version: version, Managers: []control.Manager{{ID: 251, Name: "kv",
		Writes: control.FormatRange{Min: 1, Max: writes}, Replays: control.FormatRange{Min: 1, Max: replays}}}}
}

func ledger() control.Module {
	return control.Module{Name: "ledger", Version: "1.0.3", Managers: []control.Manager{{ID: 252, Name: "ledger",
		Writes: control.FormatRange{Min: 1, Max: 1}, Replays: control.FormatRange{Min: 1, Max: 1}}}}
}

func newStory(t *testing.T, instances int32) *story {
	s := &story{t: t, nodes: map[string]*node{}, writers: map[control.TimelineID]string{}, broken: map[string]string{},
		images: map[string][]control.Module{
			"node:1":        {kv("1.2.0", 1, 1), ledger()},
			"node:2":        {kv("1.3.0", 2, 2), ledger()},
			"node:noledger": {kv("1.2.0", 1, 1)},
		}}
	s.Now, s.Name = epoch, "orders"
	s.Spec = v1.WALClusterSpec{
		Instances: instances, Image: "node:1",
		Modules:  []v1.Module{{Name: "kv", Version: "1.2.0"}, {Name: "ledger", Version: "1.0.3"}},
		Failover: v1.Failover{DetectionTimeout: metav1.Duration{Duration: 3 * time.Second}, IsolationTimeout: metav1.Duration{Duration: 10 * time.Second}},
	}
	if instances > 1 {
		s.Spec.Synchronous = &v1.Synchronous{Method: "any", Number: 1, DataDurability: "required"}
	}
	s.Annotations = map[string]string{}
	return s
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(&s.out, "\n# "+format+"\n", args...) }

func (s *story) revision() string {
	if s.Accepted == nil {
		return ""
	}
	var mods []string
	for _, m := range s.Accepted.Modules {
		mods = append(mods, m.Name+"@"+m.Version)
	}
	return fmt.Sprint(s.Accepted.Image, mods, s.Spec.Settings)
}

// run lets time pass until nothing but settled is left, or until the limit.
func (s *story) run(limit time.Duration) {
	s.t.Helper()
	s.until(limit, func() bool { return false })
	s.summary()
}

// until is run without a summary, and ends when cond is true.
func (s *story) until(limit time.Duration, cond func() bool) {
	s.t.Helper()
	calm := 0
	for end := s.Now.Add(limit); s.Now.Before(end) && !cond(); {
		s.tick()
		steps, _ := plan.Next(s.State)
		view := plan.Describe(s.State, steps)
		s.Waiting = view.Waiting
		s.tell(steps)
		busy := false
		for _, step := range steps {
			busy = busy || step.Do != plan.Wait
			if !s.apply(step) {
				break
			}
		}
		if len(steps) > 0 || busy {
			calm = 0
		} else if calm++; calm > 15 {
			break
		}
	}
}

// summary tells the conditions that are not as they should be.
func (s *story) summary() {
	steps, _ := plan.Next(s.State)
	view := plan.Describe(s.State, steps)
	for _, c := range view.Conditions {
		normal := map[string]metav1.ConditionStatus{"Ready": "True", "ModulesInParity": "True", "ImageAccepted": "True", "QuorumAvailable": "True"}[c.Type]
		if normal == "" {
			normal = "False"
		}
		if c.Type == "Ready" || c.Status != normal {
			fmt.Fprintf(&s.out, "= %s %s %s: %s\n", c.Type, c.Status, c.Reason, strings.ReplaceAll(c.Message, "\n", "\n    "))
		}
	}
}

func (s *story) tell(steps []plan.Step) {
	var said []string
	for _, step := range steps {
		if step.Do == plan.Label || step.Do == plan.DeleteProbe {
			continue
		}
		line := fmt.Sprintf("%-14s %-9s %s", step.Do, step.Target, step.Reason)
		if step.Message != "" && (step.Do == plan.Record || step.Do == plan.Wait) {
			line += ": " + step.Message
		}
		said = append(said, line)
	}
	text := strings.Join(said, "\n         ")
	if key := strings.Join(said, "\n"); key == s.lastSaid || text == "" {
		return
	}
	waits := len(steps) > 0 && steps[len(steps)-1].Do == plan.Wait
	if waits && s.lastSaid != "" && sameWait(s.lastSaid, text) {
		return
	}
	s.lastSaid = strings.Join(said, "\n")
	fmt.Fprintf(&s.out, "%7.1fs %s\n", s.Now.Sub(epoch).Seconds(), text)
}

// sameWait: a wait whose text only counts on is told once.
func sameWait(a, b string) bool {
	head := func(x string) string { h, _, _ := strings.Cut(x, ":"); return h }
	return strings.HasPrefix(a, "Wait") && head(a) == head(b)
}

func (s *story) names() []string {
	var out []string
	for n := range s.nodes {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

func (s *story) primary() *node {
	for _, name := range s.names() {
		if n := s.nodes[name]; n.alive && n.Role == control.RolePrimary && s.Timeline != nil && int64(n.Timeline) == s.Timeline.ID {
			return n
		}
	}
	return nil
}

// tick lets the fake instances live for a tenth of a second, and observes them.
func (s *story) tick() {
	s.Now = s.Now.Add(100 * time.Millisecond)
	for _, name := range s.names() {
		n := s.nodes[name]
		if n.pod != nil && n.pod.Deleting && !n.lost {
			n.pod, n.alive = nil, false
		}
		if n.leaving && n.pod == nil {
			delete(s.nodes, name)
			continue
		}
		if n.pod != nil && !n.alive && s.broken[n.image] == "" && s.Now.Sub(n.started) > 300*time.Millisecond {
			n.alive, n.StartedAt, n.Synchronous = true, s.Now, control.Synchronous{}
			if n.Role != control.RoleEmpty {
				n.Role, n.OpenWrites, n.Streaming, n.Upstream = control.RoleWaiting, false, false, ""
			}
			n.Modules = s.loaded(n)
		}
		n.pod2(s)
	}
	for _, name := range s.names() {
		if n := s.nodes[name]; n.alive && n.Role == control.RolePrimary {
			s.write(name, n)
		}
	}
	s.Revision = s.revision()
	s.Members = nil
	for _, name := range s.names() {
		n := s.nodes[name]
		m := plan.Member{Name: name, Volume: true, Leaving: n.leaving, Reached: n.alive && !n.cut, LastHeard: n.heard}
		if n.pod != nil {
			p := *n.pod
			m.Pod = &p
		}
		m.Replaced = !m.Reached && n.pod != nil && n.heardPod != "" && n.heardPod != n.pod.UID
		if m.Reached {
			n.heardPod = ""
			if n.pod != nil {
				n.heardPod = n.pod.UID
			}
			n.forgotten = false
			n.heard, m.LastHeard = s.Now, s.Now
			n.Status.Time = s.Now
		} else if m.Refused = !n.alive && !n.cut; m.Refused {
			m.Detail = "connection refused"
		} else {
			m.Detail = "silent"
		}
		if n.Instance != "" && !n.forgotten {
			st := n.Status
			st.Modules = slices.Clone(st.Modules)
			m.Status = &st
			m.Census = &control.Census{Instance: name, Holders: []control.Holder{{Kind: control.HolderWAL, From: n.OldestLSN, To: n.FlushLSN, Records: slices.Clone(n.records)}}}
			if n.slot != "" {
				m.Census.Holders = append(m.Census.Holders, control.Holder{Kind: control.HolderSlot, Name: n.slot, From: n.OldestLSN, To: n.FlushLSN, Records: slices.Clone(n.records)})
			}
		}
		s.Members = append(s.Members, m)
	}
}

func (n *node) pod2(s *story) {
	if n.pod == nil {
		return
	}
	n.pod.Problem = ""
	if why := s.broken[n.image]; why != "" {
		n.pod.Problem = why
	}
	n.pod.Ready = n.alive && (n.Role == control.RoleStandby || n.Role == control.RolePrimary)
}

// loaded are the modules of the pod's image that the cluster had accepted when it was built, with the
// formats in force of its log.
func (s *story) loaded(n *node) []control.Module {
	var out []control.Module
	for _, m := range s.images[n.image] {
		if !slices.Contains(strings.Fields(strings.Trim(n.pod.Revision[strings.Index(n.pod.Revision, "["):strings.Index(n.pod.Revision, "]")], "[]")), m.Name+"@"+m.Version) {
			continue
		}
		m.Managers = slices.Clone(m.Managers)
		for i := range m.Managers {
			m.Managers[i].Format = 1
			for _, old := range n.Modules {
				for _, r := range old.Managers {
					if r.ID == m.Managers[i].ID {
						m.Managers[i].Format, m.Retiring = r.Format, old.Retiring
					}
				}
			}
		}
		out = append(out, m)
	}
	return out
}

// write appends to the log, and acknowledges what the synchronous rule allows.
func (s *story) write(name string, p *node) {
	if !p.OpenWrites {
		return
	}
	if who := s.writers[p.Timeline]; who != "" && who != name {
		s.t.Fatalf("timeline %d is written by %s and %s", p.Timeline, who, name)
	}
	s.writers[p.Timeline] = name
	if !s.quiet {
		p.FlushLSN += 0x100
		for _, m := range p.Modules {
			if !m.Retiring {
				for _, r := range m.Managers {
					p.count(r, m.Name)
				}
			}
		}
	}
	p.WriteLSN, p.ReplayLSN = p.FlushLSN, p.FlushLSN
	p.Replicas = nil
	confirmed := 0
	for _, other := range s.names() {
		n := s.nodes[other]
		if n.Streaming = n.alive && n.Role == control.RoleStandby && n.Upstream == p.pod2IP() && !n.cut && !p.cut && n.FencedAt <= p.Timeline; !n.Streaming {
			continue
		}
		n.FlushLSN, n.WriteLSN, n.ReplayLSN, n.Timeline = p.FlushLSN, p.FlushLSN, p.FlushLSN, p.Timeline
		n.records = slices.DeleteFunc(slices.Clone(p.records), func(c control.RecordCount) bool {
			return c.Last < n.OldestLSN // kept there for a slot, gone here
		})
		for i := range n.Modules {
			for _, m := range p.Modules {
				if m.Name == n.Modules[i].Name {
					n.Modules[i].Retiring = m.Retiring
					for k := range n.Modules[i].Managers {
						n.Modules[i].Managers[k].Format = m.Managers[k].Format
					}
				}
			}
		}
		p.Replicas = append(p.Replicas, control.Replica{Name: other, State: "streaming", FlushLSN: n.FlushLSN})
		if slices.Contains(p.Synchronous.Members, other) {
			confirmed++
		}
	}
	if p.Synchronous.Method != "" && confirmed >= p.Synchronous.Number {
		s.acked = max(s.acked, p.FlushLSN)
	}
}

func (n *node) pod2IP() string {
	if n.pod == nil {
		return "gone"
	}
	return n.pod.IP
}

func (n *node) count(r control.Manager, module string) {
	for i := range n.records {
		if c := &n.records[i]; c.Rmgr == r.ID && c.Format == r.Format {
			c.Count, c.Last = c.Count+1, n.FlushLSN
			return
		}
	}
	n.records = append(n.records, control.RecordCount{Rmgr: r.ID, Name: r.Name, Module: module, Format: r.Format, Count: 1, First: n.FlushLSN, Last: n.FlushLSN})
}

// apply does what a step asks; false: the steps behind it are not to be taken.
func (s *story) apply(step plan.Step) bool {
	n := s.nodes[step.Target]
	if n != nil && step.Request != nil && (!n.alive || n.cut) {
		return true // the command does not arrive
	}
	if s.outage && step.Request == nil && step.Do != plan.Wait {
		return step.Do != plan.Record
	}
	switch step.Do {
	case plan.Record:
		if was := s.Timeline; was != nil && step.Decisions.Timeline.ID < was.ID {
			s.t.Fatalf("timeline %d is claimed after %d", step.Decisions.Timeline.ID, was.ID)
		}
		s.Decisions = *step.Decisions.DeepCopy()
		if s.Spec.Synchronous == nil {
			s.acked = 0 // a failover may lose the newest
		}
	case plan.ProbeImage:
		answer := plan.ReadAnswer(step.Target, step.Target, "", 1, "no such image")
		if modules, ok := s.images[step.Target]; ok {
			answer = v1.ImageStatus{Reference: step.Target, Image: step.Target}
			for _, m := range modules {
				mm := v1.ModuleManifest{Name: m.Name, Version: m.Version}
				for _, r := range m.Managers {
					mm.Rmgrs = append(mm.Rmgrs, v1.RmgrManifest{ID: int32(r.ID), Name: r.Name,
						Writes:  v1.FormatRange{Min: int32(r.Writes.Min), Max: int32(r.Writes.Max)},
						Replays: v1.FormatRange{Min: int32(r.Replays.Min), Max: int32(r.Replays.Max)}})
				}
				answer.Modules = append(answer.Modules, mm)
			}
		}
		s.Probe = &plan.Probe{Reference: step.Target, Answer: &answer}
	case plan.DeleteProbe:
		s.Probe = nil
	case plan.ClearRequest:
		delete(s.Annotations, v1.AnnotationSwitchover)
	case plan.CreateInstance:
		if n == nil {
			n = &node{heard: s.Now}
			n.Instance, n.Role = step.Target, control.RoleEmpty
			s.nodes[step.Target] = n
		}
		s.uid++
		n.alive, n.started, n.image = false, s.Now, s.Accepted.Image
		n.pod = &plan.Pod{UID: fmt.Sprint(s.uid), IP: fmt.Sprintf("10.0.0.%d", s.uid), Revision: s.revision(), Role: v1.RoleReplica}
	case plan.DeletePod:
		if n.pod != nil && n.pod.UID == step.UID {
			n.pod.Deleting = true
		}
	case plan.DeleteInstance:
		if n != nil && n.pod != nil {
			n.leaving, n.pod.Deleting = true, true
		} else {
			delete(s.nodes, step.Target)
		}
	case plan.Label:
		n.pod.Role = step.Role
	case plan.Init:
		n.Role, n.Timeline, n.SystemIdentifier, n.FlushLSN, n.OldestLSN = control.RoleWaiting, 1, "7412", 0x1000000, 0x1000000
	case plan.Fence:
		n.FencedAt = max(n.FencedAt, step.Request.(control.FenceRequest).Timeline)
		if n.Role == control.RolePrimary && n.Timeline < n.FencedAt {
			n.OpenWrites = false
		}
	case plan.Promote:
		r := step.Request.(control.PromoteRequest)
		if !r.StartedAt.Equal(n.StartedAt) {
			return true // Restarted
		}
		if n.Role == control.RolePrimary && n.Timeline != r.Timeline || r.Timeline < n.FencedAt || r.Timeline < n.Timeline || n.ReplayPaused != nil || n.Suspect != "" {
			s.t.Fatalf("%s would refuse promotion on %d: %+v", step.Target, r.Timeline, n.Status)
		}
		if n.FlushLSN < s.acked {
			s.t.Fatalf("%s is promoted with %s, but a commit at %s was acknowledged", step.Target, n.FlushLSN, s.acked)
		}
		if n.Timeline < r.Timeline {
			n.promoted = n.FlushLSN
		}
		for i := range n.Modules { // what cannot write the format in force begins with the lowest it writes
			for k := range n.Modules[i].Managers {
				m := &n.Modules[i].Managers[k]
				m.Format = max(m.Format, m.Writes.Min)
			}
		}
		n.Role, n.Timeline, n.OpenWrites, n.Synchronous, n.Upstream = control.RolePrimary, r.Timeline, true, r.Synchronous, ""
	case plan.SetSynchronous:
		if s.slow || len(s.underway) > 0 {
			s.underway = append(s.underway, step)[:1]
			return true
		}
		if set := step.Request.(control.SynchronousRequest).Synchronous; set.Serial >= n.Synchronous.Serial {
			n.Synchronous = set
		}
	case plan.Demote:
		n.Role, n.OpenWrites = control.RoleWaiting, false
	case plan.Follow:
		r := step.Request.(control.FollowRequest)
		up := s.nodes[r.Upstream.Name]
		switch {
		case r.Timeline < n.FencedAt || up.Timeline < r.Timeline:
			s.t.Fatalf("%s would refuse to follow %+v", step.Target, r)
		case n.Role == control.RoleEmpty || r.Reclone:
			n.SystemIdentifier, n.FlushLSN, n.Timeline, n.records = up.SystemIdentifier, up.FlushLSN, up.Timeline, slices.Clone(up.records)
			n.OldestLSN = up.OldestLSN
		case n.Timeline < up.Timeline && n.FlushLSN > up.promoted:
			n.Role, n.ForkLSN = control.RoleDiverged, up.promoted
			return true
		}
		n.Role, n.Upstream = control.RoleStandby, r.Upstream.Host
	case plan.Retire:
		r := step.Request.(control.RetireRequest)
		for i := range n.Modules {
			if n.Modules[i].Name == r.Module {
				n.Modules[i].Retiring = r.Retiring
			}
		}
	case plan.RaiseFormat:
		r := step.Request.(control.FormatRequest)
		for i := range n.Modules {
			for k := range n.Modules[i].Managers {
				if n.Modules[i].Managers[k].ID == r.Rmgr {
					n.Modules[i].Managers[k].Format = r.Format
				}
			}
		}
	case plan.Checkpoint: // everything of a retiring module is behind the redo point
		if n.slot != "" {
			return true
		}
		n.records = slices.DeleteFunc(n.records, func(c control.RecordCount) bool {
			return slices.ContainsFunc(n.Modules, func(m control.Module) bool { return m.Name == c.Module && m.Retiring })
		})
		n.OldestLSN = n.FlushLSN
	}
	return true
}

// arrive lets through what is under way.
func (s *story) arrive() {
	late := s.underway
	s.slow, s.underway = false, nil
	for _, step := range late {
		s.apply(step)
	}
}

// resumed sends what an operator was about to send when it was stopped. Instances refuse what is too late.
func (s *story) resumed() {
	late := s.paused
	s.paused = nil
	for _, step := range late {
		n := s.nodes[step.Target]
		if n == nil {
			continue
		}
		switch r := step.Request.(type) {
		case control.PromoteRequest:
			resumes := r.Timeline == n.Timeline && (n.Role == control.RolePrimary || n.Role == control.RoleWaiting)
			if r.Timeline < n.FencedAt || r.Timeline < n.Timeline || !resumes || r.Synchronous.Serial < n.Synchronous.Serial || n.FlushLSN < r.MustReach {
				continue
			}
		case control.FollowRequest:
			up := s.nodes[r.Upstream.Name]
			if r.Timeline < n.FencedAt || up == nil || up.pod2IP() != r.Upstream.Host || up.Timeline < r.Timeline || n.Role == control.RolePrimary || r.Reclone {
				continue
			}
		case control.DemoteRequest:
			if n.Role != control.RolePrimary || n.Timeline != r.Timeline {
				continue
			}
		case control.SynchronousRequest:
			if n.Role != control.RolePrimary || n.Timeline != r.Timeline {
				continue
			}
		case control.FenceRequest:
		default:
			continue
		}
		s.apply(step)
	}
}

// die ends a process; its pod restarts it unless the pod goes, too.
func (s *story) die(name string) {
	n := s.nodes[name]
	n.alive, n.OpenWrites, n.started = false, false, s.Now
}

func (s *story) losePod(name string) {
	s.die(name)
	s.nodes[name].pod = nil
}

func (s *story) ends(name string) {
	s.t.Helper()
	got := strings.TrimLeft(s.out.String(), "\n")
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		s.t.Errorf("the story goes differently (-want +got):\n%s", diff)
	}
}
