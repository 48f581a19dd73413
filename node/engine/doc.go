// Package engine composes one node's local parts into one value: control file, log, data pages,
// replay, checkpoints and census. It knows nothing of networks, SQL or Kubernetes.
//
//	Init ──► directory                      Emit: lock pages, Manager.Redo, log it, stamp pages
//	Open ──► recovery ──Promote──► primary    │
//	            ▲                     │       ▼
//	            └───────Demote────────┘     Log ──► pages ──► checkpoint ──► old log recycled
//
// After Open the engine is in recovery: it has replayed the log that was here and goes on replaying
// what Log().Receive brings. A primary is a recovery that was promoted; a demoted primary is in
// recovery again. What was here is replayed by several workers, what comes later by one. There is one path that changes pages, a manager's Redo, on every node.
//
// Invariants:
//   - Open changes nothing before it knows that every record from the redo point on can be replayed.
//   - No page reaches the disk before the log that describes its change.
//   - The first record from every redo point on is a MODULES record, or the second if the first is a
//     shutdown's checkpoint.
//   - After a failed write or fsync of the log or of pg_control, or a failed fsync of pages, nothing is
//     acknowledged any more: Failed is closed, the mark `suspect` is on disk, the process has to end. A
//     failed write of a page is repeated: the page is still in memory.
//
// Everything it uses is handed in: files, clock, log, the table of managers. Its goroutines end with
// Close or Abort. It may run in a testing/synctest bubble.
package engine
