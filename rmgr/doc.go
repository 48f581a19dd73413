// Package rmgr is the contract between the log engine and the modules that give its records a
// meaning: PostgreSQL's custom WAL resource managers (RmgrData, access/xlog_internal.h), in Go.
//
// A resource manager ([Manager]) replays, describes, masks and decodes one family of records. A
// [Module] is what a platform team versions, builds into a node image and preloads: one or more
// managers, the record formats each can write and replay, and the SQL functions that write them.
// A [Table] holds the managers that one node has loaded.
//
//	             SQL function                      the log
//	client ───► Module.Functions ──► Emitter.Emit ──────────► segment files, standbys
//	                                     │                         │
//	                                     ▼                         ▼
//	                                Manager.Redo ◄──────────── replay
//	                                     │
//	                                     ▼
//	                             pages (RedoContext.Block)
//
// There is one path that changes pages: Redo. On the primary, Emit hands the new record to Redo
// first, with the pages locked, and logs it only if Redo succeeded; a standby and crash recovery
// call the same Redo. So a replica cannot differ from its primary by a second implementation.
//
// What Redo owes: it is deterministic; it reads nothing but the record and the pages it names; it
// fails before it changes, or its changes are thrown away. The engine skips pages that already
// have the change (page LSN ≥ record end), restores images, stamps page LSNs and marks pages dirty.
//
// The package never opens a file, a socket or a clock.
package rmgr
