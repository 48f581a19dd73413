// Package plan decides. [Next] takes everything that was observed of one cluster and answers with
// the steps to take now, each with its reason; [Conditions] says the same to people. Nothing here
// reads a clock, a file or the network: time and the members' answers are fields of [State].
//
// What a decision rests on later must be recorded before it is acted on: a [Record] step is a
// compare-and-swap on the cluster's status, and the steps behind it are taken only if it went
// through. So a crash or a second operator between any two steps finds a state that some rule here
// carries on from.
//
// The timeline is the fencing token. A failover is three recorded facts:
//
//	primary is lost        claim N+1, nobody chosen     (failover.go)
//	enough have promised   claim N+1, X chosen          (failover.go: elect)
//	X not yet open on N+1  promote X                    (promote.go)
//
// Enough means: for every synchronous set that may have acknowledged a commit, each group of members
// that could have done so has a member among those that promised and hold their log. Hence the one
// with the most log among them has every acknowledged commit, and no such group can form any more.
//
// While a primary serves, the upkeep rules run: they may all speak, and of the disturbing ones (scale,
// switchover, rollout) only the first.
package plan
