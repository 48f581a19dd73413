package plan

import (
	"fmt"
	"slices"
	"time"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// scaleDown removes the instances with the highest numbers, the primary never, one at a time: first it
// must be out of every synchronous set (sync.go sees to that), so nothing depends on its log.
func scaleDown(s *State) []Step {
	for _, victim := range s.victims() {
		for _, set := range s.Timeline.SynchronousSets {
			if slices.Contains(set.Members, victim) || set.Primary == victim && set.Method != "" {
				return []Step{wait(v1.ReasonScaleDown, victim, fmt.Sprintf("before %s goes, what it confirmed must be held by %s", victim, describe(*s.newestSet())), 5*time.Minute, 200*time.Millisecond)}
			}
		}
		if m := s.member(victim); !m.deleted() {
			return s.remove(m)
		}
	}
	return nil
}

func (s *State) remove(m *Member) []Step {
	remove := Step{Do: DeleteInstance, Target: m.Name, Reason: v1.ReasonScaleDown, Claim: m.Claim}
	if m.Pod != nil {
		remove.UID = m.Pod.UID
	}
	d := s.decisions()
	d.Joined = slices.DeleteFunc(d.Joined, func(name string) bool { return name == m.Name })
	return []Step{
		record(d, v1.ReasonScaleDown, m.Name, "instance "+m.Name+" is removed with its volume"),
		remove,
	}
}

// awaitGone waits for instances that are on their way out. On a machine that was lost they stay until somebody
// says that it is gone; nothing else waits for them.
func awaitGone(s *State) []Step {
	for _, victim := range s.victims() {
		if s.member(victim).deleted() {
			return []Step{wait(v1.ReasonScaleDown, victim, victim+" is going", 5*time.Minute, time.Second)}
		}
	}
	return nil
}

// deleted reports whether nothing is left to delete of an instance: its volume and its pod end when they can.
func (m *Member) deleted() bool { return m.Leaving && (m.Pod == nil || m.Pod.Deleting) }

// gone reports whether an instance was scaled away and is not heard any more: it will replay nothing.
func (s *State) gone(m *Member) bool { return m.deleted() && !m.Reached && s.isVictim(m.Name) }
