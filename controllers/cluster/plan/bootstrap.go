package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// create makes instances that spec.instances asks for: the first alone, the others once there is a
// cluster to join.
func create(s *State) []Step {
	if s.Accepted == nil {
		return nil
	}
	missing := int(s.Spec.Instances) - len(s.Members)
	if s.Timeline == nil {
		missing = min(missing, 1-len(s.Members))
	}
	var steps []Step
	for n := 1; missing > 0; n++ {
		name := s.instanceName(n)
		if s.member(name) != nil {
			continue
		}
		missing--
		reason := v1.ReasonScaleUp
		if s.Timeline == nil {
			reason = v1.ReasonFirstInstance
		}
		steps = append(steps, Step{Do: CreateInstance, Target: name, Reason: reason, Message: "instance " + name + " is created"})
	}
	return steps
}

// revive gives every instance its pod back, and its volume.
func revive(s *State) []Step {
	if s.Accepted == nil {
		return nil
	}
	var steps []Step
	for _, m := range s.Members {
		switch {
		case s.isVictim(m.Name) || m.Leaving:
		case m.Pod != nil && m.Pod.Finished && !m.Pod.Deleting:
			steps = append(steps, Step{Do: DeletePod, Target: m.Name, UID: m.Pod.UID, Reason: v1.ReasonPodFinished, Message: "its pod has ended: " + m.Pod.Problem})
		case !m.Volume && m.Pod != nil && !m.Pod.Deleting:
			steps = append(steps, Step{Do: CreateInstance, Target: m.Name, Reason: v1.ReasonVolumeMissing, Message: "instance " + m.Name + " gets a new volume"})
		case m.Pod == nil:
			steps = append(steps, Step{Do: CreateInstance, Target: m.Name, Reason: v1.ReasonInstanceMissing, Message: "instance " + m.Name + " gets its pod back"})
		}
	}
	return steps
}

// label says by a pod's role which service leads to it.
func label(s *State) []Step {
	p := s.serving()
	var steps []Step
	for i := range s.Members {
		m := &s.Members[i]
		role, reason := v1.RoleReplica, v1.ReasonDoesNotServe
		if m == p {
			role, reason = v1.RolePrimary, v1.ReasonServes
		}
		if m.Pod != nil && m.Pod.Role != role {
			steps = append(steps, Step{Do: Label, Target: m.Name, Role: role, Reason: reason})
		}
	}
	return steps
}

// bootstrap makes the first instance of a new cluster the primary of timeline 1.
func bootstrap(s *State) []Step {
	if s.Timeline != nil {
		return nil
	}
	if s.Accepted == nil {
		reason, message := checkImage(s)
		return []Step{wait(v1.ReasonImageNotAccepted, "", reason+": "+message, 5*time.Minute, 2*time.Second)}
	}
	first := s.member(s.instanceName(1))
	if first == nil || first.Former || first.role() != control.RoleEmpty {
		why := "it is being created"
		if first != nil && first.Pod != nil && first.Pod.Problem != "" {
			why = first.Pod.Problem
		}
		return []Step{wait(v1.ReasonWaitingForInstance, s.instanceName(1), "the first instance has not answered yet: "+why, 2*time.Minute, 200*time.Millisecond)}
	}
	d := s.decisions()
	d.Timeline = &v1.TimelineClaim{
		ID: 1, Primary: first.Name, Reason: v1.ReasonNewCluster, ClaimedAt: metav1.NewMicroTime(s.Now),
		SynchronousSets: []v1.AckSet{s.numbered(s.synchronousSetOn(1, first.Name))},
	}
	d.TargetPrimary, d.Joined = first.Name, []string{first.Name}
	return []Step{
		record(d, v1.ReasonNewCluster, first.Name, first.Name+" begins the cluster on timeline 1"),
		{Do: Init, Target: first.Name, Reason: v1.ReasonNewCluster, Request: control.InitRequest{}},
	}
}

// adopt takes a cluster over whose records are lost (its WALCluster was made anew beside its volumes):
// nothing is known about who acknowledged what, so every instance has to promise before one is chosen.
func adopt(s *State) []Step {
	if s.Timeline != nil || s.Accepted == nil {
		return nil
	}
	var all, silent, identities []string
	for i := range s.Members {
		m := &s.Members[i]
		all = append(all, m.Name)
		switch {
		case m.role() == "" || m.Leaving || m.Pod == nil || m.Pod.Deleting:
			silent = append(silent, m.Name)
		case m.Status.SystemIdentifier != "" && !slices.Contains(identities, m.Status.SystemIdentifier):
			identities = append(identities, m.Status.SystemIdentifier)
		}
	}
	switch {
	case len(identities) == 0 && len(s.Members) <= 1:
		return nil // a new cluster
	case len(silent) > 0:
		return []Step{wait(v1.ReasonRecordsLost, strings.Join(silent, ","), "there are instances but no record of a timeline: before one is promoted all of them must answer, and ["+
			strings.Join(silent, ", ")+"] did not, or are going", 2*time.Minute, time.Second)}
	case len(identities) > 1:
		return []Step{wait(v1.ReasonForeignData, "", "the volumes belong to different clusters (system identifiers "+strings.Join(identities, ", ")+"): remove the foreign ones", 0, 5*time.Second)}
	case len(identities) == 0:
		return nil
	}
	d := s.decisions()
	d.SystemIdentifier = identities[0]
	d.Joined = all
	next := s.nextTimeline()
	d.Timeline = &v1.TimelineClaim{
		ID: int64(next), Reason: v1.ReasonRecordsLost, ClaimedAt: metav1.NewMicroTime(s.Now),
		SynchronousSets: []v1.AckSet{{Timeline: int64(next) - 1, Method: v1.SynchronousAny, Number: 1, Members: all}},
	}
	return []Step{record(d, v1.ReasonRecordsLost, "", fmt.Sprintf("an existing cluster is adopted; timeline %d is claimed", next))}
}

// identify records what a new cluster's log is called.
func identify(s *State) []Step {
	p := s.serving()
	if s.SystemIdentifier != "" || p == nil || p.Status.SystemIdentifier == "" {
		return nil
	}
	return identifyCluster(s, p)
}

func identifyCluster(s *State, p *Member) []Step {
	d := s.decisions()
	d.SystemIdentifier = p.Status.SystemIdentifier
	return []Step{record(d, v1.ReasonIdentified, p.Name, "system identifier "+d.SystemIdentifier)}
}

// follow makes every other instance a standby of the serving primary.
func follow(s *State) []Step {
	p := s.serving()
	if p.Pod == nil || p.Pod.IP == "" || s.SystemIdentifier == "" {
		return nil
	}
	var steps []Step
	d := s.decisions()
	for i := range s.Members {
		m := &s.Members[i]
		if m == p || s.isVictim(m.Name) || m.Former || m.Pod == nil || m.Pod.Deleting {
			continue
		}
		reason, reclone := "", false
		switch m.role() {
		case control.RoleEmpty:
			reason = v1.ReasonCloneFromPrimary
		case control.RoleWaiting:
			reason = v1.ReasonFollowPrimary
		case control.RoleDiverged:
			reason, reclone = v1.ReasonDivergedFromPrimary, true
		case control.RolePrimary: // of an older timeline
			if m.Status.FencedAt >= s.timeline() && m.Status.Timeline < s.timeline() {
				reason = v1.ReasonFollowPrimary
			}
		case control.RoleStandby:
			switch {
			case m.Status.Upstream != p.Pod.IP:
				reason = v1.ReasonFollowPrimary
			case !m.Status.Streaming && m.Status.FlushLSN < p.Status.OldestLSN:
				reason, reclone = v1.ReasonLogRemovedFromPrimary, true // it can never catch up
			}
		}
		if reason == "" || m.Status.SystemIdentifier != "" && m.Status.SystemIdentifier != s.SystemIdentifier {
			continue
		}
		if !slices.Contains(d.Joined, m.Name) {
			d.Joined = append(d.Joined, m.Name)
			slices.SortFunc(d.Joined, byNumber)
		}
		steps = append(steps, Step{
			Do: Follow, Target: m.Name, Reason: reason,
			Message: fmt.Sprintf("%s follows %s on timeline %d", m.Name, p.Name, s.timeline()),
			Request: control.FollowRequest{
				Upstream: control.Upstream{Host: p.Pod.IP, Port: 5432, Name: p.Name, SystemIdentifier: s.SystemIdentifier},
				Timeline: s.timeline(), Reclone: reclone,
			},
		})
	}
	if len(d.Joined) > len(s.Joined) {
		steps = append([]Step{record(d, v1.ReasonCloneFromPrimary, strings.Join(d.Joined, ","), "from now on they may acknowledge commits: "+strings.Join(d.Joined, ", "))}, steps...)
	}
	return steps
}
