// Package replication is PostgreSQL's streaming replication protocol, both ends of it: a node can be
// followed by nodes, by pg_receivewal and pg_basebackup, and can follow a node.
//
//	pgwire ──► Server.Serve ──┬─ IDENTIFY_SYSTEM, SHOW, TIMELINE_HISTORY, …_REPLICATION_SLOT
//	                          ├─ BASE_BACKUP ──► Options.BaseBackup (node/basebackup)
//	                          ├─ START_REPLICATION … LOGICAL ──► changeSender ◄── Options.Logical (node/decoding)
//	                          └─ START_REPLICATION … PHYSICAL ──► sender
//	                                     │ log                ▲ written, flushed, applied
//	                                     ▼                    │
//	                                  Receiver ──► Received.Receive, FlushReceived
//	                                                          │
//	  a commit ──► SyncRep.Wait ◄── released ◄────────────────┘
//
// A sender's life (State):
//
//	startup ──► catchup ──► streaming ──► stopping
//	                │            │
//	                └────────────┴──► end of timeline: copy done, next timeline, next command
//
// Invariants:
//
//   - Nothing beyond the flushed end of the log is sent, and what is sent ends at a page boundary or
//     at that end, so no record is cut inside a page. (The seam for sending earlier is
//     [Log.Position]: a log that answers with its written end would be sent ahead of its flush.)
//   - A standby counts for a commit only while its stream is on the primary's current timeline, in
//     state streaming, and has confirmed something.
//   - A closed SyncRep acknowledges nothing: every waiter and every later one gets the error.
//   - A Receiver talks only to an upstream whose own timeline is not below the node's promise, and
//     when Stop has returned its connection is closed and nothing more is written to the log.
//
// Clock, network and files are handed in.
package replication
