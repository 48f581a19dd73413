// Package cluster is the controller of WALCluster. A pass is four verbs:
//
//	observe   objects of the API server, and what every instance says  →  plan.State
//	plan      pure: what to do now, each step with its reason
//	apply     steps → API calls, and commands to instances
//	report    conditions, the table of instances, events, one status patch
//
// The life of a cluster:
//
//	(image is probed) → first instance → timeline 1 is claimed → init → promote → the others clone
//	                                             │
//	                      ┌──────────────────────▼─────────────────────┐
//	                      │ serving: follow, synchronous set, retire,   │
//	                      │ scale, rollout, switchover                  │
//	                      └──────┬───────────────────────────▲──────────┘
//	            primary is lost  │                           │ open on N+1
//	                      claim N+1 → fence enough → choose → promote
//
// Commands to instances are sent in the background, one at a time to each: a slow one never keeps the
// pass from seeing that the primary died. Their outcome is seen in the instance's status; a command
// that is still under way is not sent again.
//
// The WALCluster itself is read from the API server, not from a cache, before each decision, and
// decisions are written with its resource version: of two operators only one can claim a timeline.
package cluster
