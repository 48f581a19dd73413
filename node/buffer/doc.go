// Package buffer is the pool of data pages in memory.
//
//	Get ──► pinned ──► latched ──► changed, MarkDirty ──► unlatched ──► Release
//	          │                                             │
//	          └ a pinned page is never evicted              └ written back later: log first
//
// Invariants:
//   - No page before its log: before a page is written, Options.BeforeWrite is asked with the page's
//     LSN; on a primary it flushes the log that far, in recovery it moves the minimum recovery point.
//   - A page changes only under its exclusive latch, and MarkDirty is called under it.
//   - A page is written from a copy, so a hot page is not blocked for the length of a flush; at most
//     one write of a page is under way.
//   - What Flush wrote is durable only after the store's Sync.
//
// Eviction is PostgreSQL's clock: each use gives a page a chance more, up to five, each pass of the
// hand takes one.
package buffer
