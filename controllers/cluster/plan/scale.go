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
	victims := s.victims()
	if len(victims) == 0 {
		return nil
	}
	victim := victims[0]
	for _, set := range s.Timeline.SynchronousSets {
		if slices.Contains(set.Members, victim) || set.Primary == victim && set.Method != "" {
			return []Step{wait(v1.ReasonScaleDown, victim, fmt.Sprintf("before %s goes, what it confirmed must be held by %s", victim, describe(*s.newestSet())), 5*time.Minute, 200*time.Millisecond)}
		}
	}
	if m := s.member(victim); m.Leaving && (m.Pod == nil || m.Pod.Deleting) {
		return []Step{wait(v1.ReasonScaleDown, victim, victim+" is going", 5*time.Minute, time.Second)}
	}
	remove := Step{Do: DeleteInstance, Target: victim, Reason: v1.ReasonScaleDown, Claim: s.member(victim).Claim}
	if pod := s.member(victim).Pod; pod != nil {
		remove.UID = pod.UID
	}
	d := s.decisions()
	d.Joined = slices.DeleteFunc(d.Joined, func(name string) bool { return name == victim })
	return []Step{
		record(d, v1.ReasonScaleDown, victim, "instance "+victim+" is removed with its volume"),
		remove,
	}
}
