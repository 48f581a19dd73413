// Package recovery replays the log: it hands each record to its resource manager with the pages it
// names, and decides before any of it whether that can be done at all.
//
//	redo point                                         end of log
//	  │ MODULES │ kv │ kv │ CHECKPOINT │ kv │ MODULES │ kv │╳
//	  └──────────────── Scan: every need is known ────────┘
//	            then Apply: one record at a time, or each page's records by one of several workers
//
// [Scan] walks the log without touching a page and lists what it needs (rmgr id, record format), so
// that a node which lacks a module refuses to start with everything as it was. [Applier] applies
// records: images restored, pages that already have the change left alone, page LSNs stamped, and
// with wal_consistency_checking the result compared with the primary's page. A record that fails
// leaves no trace. Several Appliers with a [Share] each may replay the same log; a [Worker] is one that
// does nothing else. [Ahead] only looks: what it brings near or pins decides nothing. [Label] is the
// backup_label of a base backup.
package recovery
