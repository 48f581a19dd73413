// Package node is one node of a cluster: it composes the engine with SQL, replication and the control
// API, and decides what the node is at any moment.
//
//	           init                      promote T (first time: own T, promise T)
//	empty ──────────────► waiting ───────────────────────────────► primary
//	  │                   ▲  ▲  │ follow                            │  │
//	  │ follow            │  │  ▼            promote T              │  │ fence N > T: closed for
//	  ▼                   │  │ standby ─────────────────────────────┘  │ writes, still primary
//	cloning ──────────────┘  │  │ log is no part of the upstream's     │
//	  ▲                      │  ▼                                      │
//	  └───────────────── diverged ◄──────────── follow ────────────────┤
//	     follow, reclone                                               │
//	                         ▲─────────────────── demote ──────────────┘
//
// A managed node (setting managed) is told all of this by an operator and decides nothing but two
// things by itself: it ends what its promise forbids, and a primary without synchronous standbys
// closes for writes when it has heard nobody for isolation_timeout. An unmanaged one behaves as
// PostgreSQL: standby.signal makes it a standby of primary_conninfo, its absence a primary.
//
// The order in which parts start: promises, unfinished plans, listeners, engine (recovery), and then
// what commands bring. They stop in the reverse order. A stop that is asked for during recovery ends it.
//
// Invariants:
//   - A promise (node/fence) is durable before it is told and before it is acted upon.
//   - Ownership of a timeline is durable before the first record on it, and given up before the node
//     follows anybody.
//   - No commit is acknowledged after fence(N) has answered, if the node was primary below N:
//     every acknowledgement passes SyncRep, which is closed first.
//   - No stream from an upstream below N is open, or is opened, after fence(N) has answered.
//   - A data directory is replaced only by a complete, durable copy, and a plan file beside it says
//     so before the old one goes.
//
// Clock, network, files and random bytes are handed in ([Options]). The package may run in a
// testing/synctest bubble.
package node
