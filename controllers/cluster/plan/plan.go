package plan

import (
	"time"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// A rule looks at the state and speaks, or does not.
type rule func(*State) []Step

// Every pass runs these; each may speak.
var always = []rule{probe, accept, fenceStrays}

// Every pass runs these as well, but what they say is done last: a pod that the API server refuses, or is long
// in answering about, must not keep a lost primary from being replaced.
var last = []rule{label, create, revive, mend, takenUp}

// Who leads: asked in order, the first that speaks decides. None speaks while a primary serves.
var leadership = []rule{adopt, bootstrap, elect, handOver, overtaken, promote, failover, awaitPrimary}

// While a primary serves each of these may speak,
var upkeep = []rule{identify, announce, follow, synchronous, retire}

// and of these, which ask which pods are outdated, raiseFormat and the first of the others.
var changes = []rule{scaleDown, requested, rollout}

// What is waited for after everything else.
var least = []rule{awaitGone}

// settled is how often a cluster that needs nothing is looked at.
const settled = 30 * time.Second

// Next says what to do now, and when to look again at the latest.
func Next(s State) ([]Step, time.Duration) {
	if s.Annotations[v1.AnnotationPaused] == "true" {
		return nil, settled
	}
	var steps []Step
	ask := func(rules []rule, firstOnly bool) bool {
		for _, r := range rules {
			said := r(&s)
			steps = append(steps, said...)
			for _, step := range said {
				if step.Do == Record {
					s.Decisions = *step.Decisions // the rules behind it build on what it records
				}
			}
			if firstOnly && len(said) > 0 {
				return true
			}
		}
		return false
	}
	built := s.Accepted
	ask(always, false)
	var atLast []Step
	for _, r := range last {
		atLast = append(atLast, r(&s)...)
	}
	if !ask(leadership, true) {
		ask(upkeep, false)
		if s.Accepted == built || built != nil && equality.Semantic.DeepEqual(s.Accepted, built) {
			ask([]rule{raiseFormat}, false)
			ask(changes, true) // else which pods are outdated is seen in the next pass
		}
		ask(least, false)
	}
	steps = append(steps, atLast...)
	return steps, after(steps)
}

// after is when to look again: soon after an action, at a wait's own pace, rarely when settled.
func after(steps []Step) time.Duration {
	next := settled
	for _, s := range steps {
		poll := 50 * time.Millisecond
		switch {
		case s.Do == Wait:
			poll = s.Poll
		case s.Request != nil:
			poll = time.Second // what becomes of it is told
		}
		next = min(next, poll)
	}
	return next
}
