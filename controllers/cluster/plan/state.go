package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/redoubt-wal/redoubt/api/v1"

	"github.com/redoubt-wal/redoubt/api/control"
)

// State is all that a decision may depend on.
type State struct {
	Now         time.Time
	Name        string
	Spec        v1.WALClusterSpec
	Annotations map[string]string

	v1.Decisions             // as recorded
	Waiting      *v1.Waiting // what the last pass waited for

	Probe         *Probe        // the pod that asks an image, if there is one
	ProbeRevision string        // what one that is made now carries
	Revision      string        // what pods built from Accepted carry
	Reserved      []Reservation // of resource manager IDs, in all of this Kubernetes
	Members       []Member      // by number
}

// A Reservation is a ResourceManager that holds.
type Reservation struct {
	ID   int32
	Name string
}

// A Probe is a pod that asks an image what it offers.
type Probe struct {
	Reference string
	Revision  string
	Answer    *v1.ImageStatus // nil until it has finished
	Problem   string          // why it does not start, in the kubelet's words
}

// A Member is an instance as seen: a volume, a pod, and what the node in it says.
type Member struct {
	Name    string
	Volume  bool   // its claim exists
	Leaving bool   // and is being deleted
	Claim   string // its UID
	Pod     *Pod   // nil: there is none

	Reached   bool            // its status stream is up
	Former    bool            // what is reached is the process of a pod that is gone: it will end any moment
	Replaced  bool            // its pod is another than the one that was heard last, which is not waited for
	LastHeard time.Time       // last line of the stream, or when we began to listen
	Refused   bool            // not reached, because nothing listens there: the process is dead
	Detail    string          // why it is not reached; or why its census is not known
	Status    *control.Status // the last that was heard, however old
	Census    *control.Census // nil: not known
}

// A Pod is the part of a pod that matters here.
type Pod struct {
	UID      string
	IP       string
	Node     string
	Revision string
	Role     string // label
	Ready    bool
	Deleting bool
	Finished bool   // all its containers have ended for good
	Problem  string // why its container does not run

	Isolation *time.Duration // that its node was started with, whatever the spec says by now: 0 is never; nil: not known
}

// role is what a reached member does; "" when it is not reached.
func (m *Member) role() control.Role {
	if m == nil || !m.Reached || m.Status == nil {
		return ""
	}
	return m.Status.Role
}

// holdsLog reports whether a reached member has log of this cluster to vote with.
func (s *State) holdsLog(m *Member) bool {
	switch m.role() {
	case "", control.RoleEmpty, control.RoleCloning:
		return false
	}
	return m.Status.SystemIdentifier != "" && s.foreign(m) == "" && m.Status.Suspect == "" && m.Status.LostLSN == 0
}

// foreign says that a member's data is another cluster's, as of a volume that was used before; "" if it is
// not.
func (s *State) foreign(m *Member) string {
	if m.Status == nil || s.SystemIdentifier == "" || m.Status.SystemIdentifier == "" || m.Status.SystemIdentifier == s.SystemIdentifier {
		return ""
	}
	return fmt.Sprintf("has another cluster's data (system identifier %s, not %s): delete its volume claim and its pod, or bring the right volume back",
		m.Status.SystemIdentifier, s.SystemIdentifier)
}

// member finds an instance by name.
func (s *State) member(name string) *Member {
	for i := range s.Members {
		if s.Members[i].Name == name {
			return &s.Members[i]
		}
	}
	return nil
}

// primary is the member that the claim names, whatever it does; nil if none is chosen or it is gone.
func (s *State) primary() *Member {
	if s.Timeline == nil || s.Timeline.Primary == "" {
		return nil
	}
	return s.member(s.Timeline.Primary)
}

// timeline is the claimed one; 0 before the first claim.
func (s *State) timeline() control.TimelineID {
	if s.Timeline == nil {
		return 0
	}
	return control.TimelineID(s.Timeline.ID)
}

// serving is the claimed primary if it is one, on the claimed timeline; else nil.
func (s *State) serving() *Member {
	p := s.primary()
	if p.role() == control.RolePrimary && p.Status.Timeline == s.timeline() && s.lost(p) == "" {
		return p
	}
	return nil
}

// over reports whether a limit has passed since something was recorded. What was recorded further
// in the future than the limit was recorded by an operator whose clock was ahead: it counts as long ago, and
// what it times is late by twice the limit at most.
func (s *State) over(recorded time.Time, limit time.Duration) bool {
	return s.Now.Sub(recorded).Abs() >= limit
}

// instanceName is the name of the n-th instance.
func (s *State) instanceName(n int) string { return fmt.Sprintf("%s-%d", s.Name, n) }

// number is the n of an instance's name.
func number(name string) int {
	n, _ := strconv.Atoi(name[strings.LastIndexByte(name, '-')+1:])
	return n
}

// byNumber sorts instance names.
func byNumber(a, b string) int { return number(a) - number(b) }

// victims are the instances that a smaller spec.instances takes away: those whose volumes are being deleted
// already, then the highest numbers, but not the primary, nor the last one while its successor is not chosen.
func (s *State) victims() []string {
	keep := ""
	if s.Timeline != nil {
		keep = cmp.Or(s.Timeline.Primary, s.Timeline.Lost)
	}
	over := len(s.Members) - int(s.Spec.Instances)
	var out []string
	for _, leaving := range []bool{true, false} {
		for i := len(s.Members) - 1; i >= 0 && len(out) < over; i-- {
			if m := &s.Members[i]; m.Name != keep && m.Leaving == leaving {
				out = append(out, m.Name)
			}
		}
	}
	return out
}

func (s *State) isVictim(name string) bool { return slices.Contains(s.victims(), name) }

// decisions is a copy to change and record.
func (s *State) decisions() *v1.Decisions { return s.Decisions.DeepCopy() }
